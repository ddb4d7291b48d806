-- What people read, made of the raw tables: our campaigns, our leads, four views, and how well all of it adds up.
-- Each metric is defined once, in the comment of its column; a number that Instantly does not give is NULL, never 0.

-- Not reachable through the API: what the functions and views below share.
create schema if not exists private;
revoke all on schema private from public, anon, authenticated;
grant usage on schema private to service_role;

create function private.count_in(payload jsonb, field text)
returns integer
language plpgsql
immutable
parallel safe
security invoker
set search_path = ''
as $function$
declare
  given text := payload->>field;
begin
  if given ~ '^[0-9]{1,10}(\.0+)?$' and given::numeric <= 2147483647 then
    return given::numeric;
  end if;
  return null;
end;
$function$;

comment on function private.count_in(jsonb, text) is
  'The whole number in a field of a payload, written as a number or as text; NULL where there is none. Never an error.';

create function private.day_in(payload jsonb, field text)
returns date
language plpgsql
stable
parallel safe
security invoker
set search_path = ''
as $function$
declare
  given text := payload->>field;
begin
  if given ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' then
    return (given::timestamptz at time zone 'utc')::date;
  end if;
  return null;
exception when data_exception then
  return null;
end;
$function$;

comment on function private.day_in(jsonb, text) is
  'The UTC day of the moment in a field of a payload; NULL where there is none. Never an error.';

create function private.human_replies(unique_replies integer, replies integer, automatic_replies integer)
returns integer
language sql
immutable
parallel safe
security invoker
set search_path = ''
as $function$
  select coalesce(
    unique_replies,
    -- More automatic replies than replies is a contradiction, and says nothing.
    case when automatic_replies <= replies then replies - automatic_replies end
  )
$function$;

comment on function private.human_replies(integer, integer, integer) is
  'Replies written by people. Instantly''s unique count has no automatic replies in it, so none are subtracted from it. Where it is missing (answers before 2026): all replies less the automatic ones; NULL where these are not known either.';

create function private.campaign_status_name(campaign_status integer)
returns text
language sql
immutable
parallel safe
security invoker
set search_path = ''
as $function$
  select case campaign_status
           when 0 then 'draft'
           when 1 then 'active'
           when 2 then 'paused'
           when 3 then 'completed'
           when 4 then 'running_subsequences'
           when -1 then 'accounts_unhealthy'
           when -2 then 'bounce_protect'
           when -99 then 'account_suspended'
           else 'unknown'
         end
$function$;

comment on function private.campaign_status_name(integer) is
  'Instantly''s number of a campaign''s status in words; a number that is new or missing is ''unknown''.';

create table public.campaigns (
  campaign_id uuid not null default gen_random_uuid(),
  instantly_campaign_id text,
  campaign_name text,
  status text not null default 'unknown',
  is_open_tracked boolean,
  daily_limit integer,
  is_listed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint campaigns_pkey primary key (campaign_id),
  constraint campaigns_instantly_campaign_id_key unique (instantly_campaign_id),
  constraint campaigns_instantly_campaign_id_is_not_blank check (instantly_campaign_id <> ''),
  constraint campaigns_status_is_known check (status in (
    'draft', 'active', 'paused', 'completed', 'running_subsequences',
    'accounts_unhealthy', 'bounce_protect', 'account_suspended', 'unknown'
  ))
);

comment on table public.campaigns is
  'Our campaigns. Grain: one campaign. What Instantly knows of them comes from instantly_campaigns_raw, by refresh_campaigns().';
comment on column public.campaigns.campaign_id is 'Ours; it is there before Instantly has given its own.';
comment on column public.campaigns.instantly_campaign_id is 'NULL: not at Instantly yet.';
comment on column public.campaigns.status is
  'Instantly''s status in words; ''unknown'' where the number is new or missing. It is the last one that was read: see is_listed.';
comment on column public.campaigns.is_open_tracked is
  'Whether Instantly counts opens; NULL: not said, as in older exports.';
comment on column public.campaigns.daily_limit is 'Mails a day over the whole campaign; NULL: not said.';
comment on column public.campaigns.is_listed is 'Whether Instantly still lists it; false: deleted there, or not there yet.';

create table public.leads (
  lead_id uuid not null default gen_random_uuid(),
  email text not null,
  status text not null default 'unknown',
  is_in_campaign boolean not null default false,
  campaigns_count integer not null default 0,
  has_human_reply boolean,
  interest_status integer,
  interest_label text,
  last_contacted_at timestamptz,
  last_replied_at timestamptz,
  is_listed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint leads_pkey primary key (lead_id),
  constraint leads_email_key unique (email),
  constraint leads_email_is_normalised check (email = lower(btrim(email)) and email <> ''),
  constraint leads_status_is_known check (status in (
    'unsubscribed', 'bounced', 'not_interested', 'wrong_person', 'positive', 'replied',
    'active', 'paused', 'completed', 'skipped', 'listed', 'unknown'
  ))
);

comment on table public.leads is
  'Everybody we know. Grain: one normalised address. Made of all rows of the address in instantly_leads_raw, by refresh_leads(); an address that is deleted at Instantly keeps its row.';
comment on column public.leads.email is 'Lower case, trimmed.';
comment on column public.leads.status is
  'The most restrictive that any row of the address says, in this order: unsubscribed, bounced, not_interested (also lost, and labels of kind negative), wrong_person, positive (interested, meeting booked or completed, won, and labels of kind positive), replied (also no show, and interest numbers that nothing explains), active, paused, completed, skipped, listed (in a list only), unknown (a number that is new or missing, or deleted everywhere). Out of office is neither a stop nor a success: it changes nothing. Rows that are deleted at Instantly still say the first six, because a person said them; the other states end with the row.';
comment on column public.leads.is_in_campaign is 'Whether a campaign at Instantly holds the address now.';
comment on column public.leads.campaigns_count is 'Campaigns at Instantly that hold the address now.';
comment on column public.leads.has_human_reply is
  'Whether Instantly counts a reply of the address anywhere, ever (email_reply_count); a row marked out of office does not count. NULL: not said.';
comment on column public.leads.interest_status is
  'Instantly''s number, from the row that decides the status; where that one has none, from the next one. NULL: a plain lead.';
comment on column public.leads.interest_label is
  'Its name, Instantly''s own or the workspace''s (instantly_lead_labels_raw); ''unknown'' where neither knows the number. NULL: a plain lead.';
comment on column public.leads.last_contacted_at is 'In any campaign, ever.';
comment on column public.leads.last_replied_at is 'In any campaign, ever; Instantly does not say whether the reply was automatic.';
comment on column public.leads.is_listed is 'Whether Instantly still lists the address anywhere.';

create table public.instantly_reconciliation (
  measure text not null,
  subject text not null,
  local_count bigint,
  instantly_count bigint,
  delta bigint,
  tolerance bigint,
  verdict text not null,
  reason text,
  checked_at timestamptz not null default now(),
  constraint instantly_reconciliation_pkey primary key (measure, subject),
  constraint instantly_reconciliation_measure_is_known check (measure in ('leads', 'sent', 'sent_total', 'campaigns')),
  constraint instantly_reconciliation_verdict_is_known
    check (verdict in ('equal', 'within tolerance', 'off', 'not comparable')),
  constraint instantly_reconciliation_says_why check (verdict = 'equal' or reason is not null)
);

comment on table public.instantly_reconciliation is
  'Our counts beside Instantly''s own. Grain: one measure of one subject. Replaced as a whole by refresh_reconciliation().';
comment on column public.instantly_reconciliation.measure is
  'leads: people in one campaign (instantly_leads_raw; leads_count of the totals). sent: mails of one UTC day of the last 14, summed over the campaigns (instantly_daily_analytics_raw; its workspace_total). sent_total: mails of one campaign, summed over its days (instantly_daily_analytics_raw; emails_sent_count of the totals). campaigns: campaigns of one status (campaigns; instantly_campaigns_raw), which tells when ours are older than what was read. The campaign_status in the totals is no measure: only campaigns that ever sent have one, and it is the same number read a moment later.';
comment on column public.instantly_reconciliation.subject is
  'The campaign''s id at Instantly (leads, sent_total), the day (sent), the status (campaigns).';
comment on column public.instantly_reconciliation.delta is 'local_count less instantly_count; NULL: not comparable.';
comment on column public.instantly_reconciliation.tolerance is
  'leads: 1 or 1 %, because people are added while a sweep runs. sent: 2 or 0.5 %, for today 5 or 2 %. sent_total: 5 or 2 %, because the two are read by different runs. campaigns: 0. The larger one holds.';
comment on column public.instantly_reconciliation.reason is 'Why it is not comparable, or what a difference may come from.';
comment on column public.instantly_reconciliation.checked_at is
  'When it was first found to be so; a check that finds the same leaves the row alone.';

alter table public.campaigns enable row level security;
alter table public.leads enable row level security;
alter table public.instantly_reconciliation enable row level security;

grant select, insert, update, delete on table public.campaigns, public.leads, public.instantly_reconciliation
  to service_role;

create function public.refresh_campaigns()
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with incoming as materialized (
    select raw.instantly_campaign_id,
           raw.campaign_name,
           private.campaign_status_name(raw.campaign_status) as status,
           case raw.raw_json #> '{campaign,open_tracking}' when 'true' then true when 'false' then false end as is_open_tracked,
           private.count_in(raw.raw_json->'campaign', 'daily_limit') as daily_limit,
           raw.deleted_at is null as is_listed
      from public.instantly_campaigns_raw as raw
  ), written as (
    insert into public.campaigns (instantly_campaign_id, campaign_name, status, is_open_tracked, daily_limit, is_listed)
    select incoming.*
      from incoming
     where not exists (
       select from public.campaigns as stored
        where stored.instantly_campaign_id = incoming.instantly_campaign_id
          and (stored.campaign_name, stored.status, stored.is_open_tracked, stored.daily_limit, stored.is_listed)
              is not distinct from
              (incoming.campaign_name, incoming.status, incoming.is_open_tracked, incoming.daily_limit, incoming.is_listed)
     )
     order by incoming.instantly_campaign_id
    on conflict (instantly_campaign_id) do update
      set campaign_name = excluded.campaign_name,
          status = excluded.status,
          is_open_tracked = excluded.is_open_tracked,
          daily_limit = excluded.daily_limit,
          is_listed = excluded.is_listed,
          updated_at = now()
    returning (xmax = 0) as is_new
  ), left_behind as (
    -- Rows that the raw table has lost altogether.
    update public.campaigns as stored
       set is_listed = false, updated_at = now()
     where stored.is_listed
       and not exists (select from incoming where incoming.instantly_campaign_id = stored.instantly_campaign_id)
    returning stored.campaign_id
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new) + (select count(*) from left_behind),
         (select count(*) from incoming) - count(*)
    from written
$function$;

comment on function public.refresh_campaigns() is
  'Brings campaigns up to instantly_campaigns_raw. A row that says the same already is not touched. Safe to run twice.';

create function public.refresh_leads(changed_since timestamptz default null)
returns table (inserted bigint, updated bigint, unchanged bigint)
language plpgsql
security invoker
set search_path = ''
-- A plan made for any moment would read the whole table to find what changed in the last hour.
set plan_cache_mode = force_custom_plan
as $function$
declare
  most_restrictive_first constant text[] := array[
    'unsubscribed', 'bounced', 'not_interested', 'wrong_person', 'positive', 'replied',
    'active', 'paused', 'completed', 'skipped', 'listed', 'unknown'
  ];
  since timestamptz := coalesce(changed_since, '-infinity');
begin
  -- A label is a name and a meaning of rows that did not change themselves.
  if exists (select from public.instantly_lead_labels_raw as label where label.updated_at >= since) then
    since := '-infinity';
  end if;

  return query
  with labels as materialized (
    -- Deleted labels still explain the numbers they left behind, unless a listed one has the same number.
    select distinct on (label.interest_status)
           label.interest_status, label.label_name, lower(btrim(label.label_kind)) as kind
      from public.instantly_lead_labels_raw as label
     -- Instantly's own numbers mean what Instantly says.
     where label.interest_status not between -4 and 4
     order by label.interest_status, label.deleted_at is not null, label.updated_at desc, label.instantly_lead_label_id
  ), changed as materialized (
    select distinct raw.email
      from public.instantly_leads_raw as raw
     where raw.updated_at >= since and raw.email is not null
  ), said as (
    select raw.instantly_lead_id, raw.email, raw.instantly_campaign_id, raw.interest_status,
           raw.last_contacted_at, raw.last_replied_at, raw.deleted_at is null as is_listed,
           raw.email_reply_count > 0 and raw.interest_status is distinct from 0 as is_human_reply,
           array_position(most_restrictive_first, case
             when raw.lead_status = -2 then 'unsubscribed'
             when raw.lead_status = -1 then 'bounced'
             when raw.interest_status in (-1, -3) or labels.kind = 'negative' then 'not_interested'
             when raw.interest_status = -2 then 'wrong_person'
             when raw.interest_status between 1 and 4 or labels.kind = 'positive' then 'positive'
             when raw.interest_status = -4 then 'replied'
             -- Nothing explains the number yet: the safe branch is that somebody answered.
             when raw.interest_status not between -4 and 4 and labels.interest_status is null then 'replied'
             when raw.email_reply_count > 0 and raw.interest_status is distinct from 0 then 'replied'
             when raw.deleted_at is not null then 'unknown'
             when raw.lead_status = 0 then 'listed'
             when raw.instantly_campaign_id is null and raw.lead_status in (1, 2, 3, -3) then 'listed'
             when raw.lead_status = 1 then 'active'
             when raw.lead_status = 2 then 'paused'
             when raw.lead_status = 3 then 'completed'
             when raw.lead_status = -3 then 'skipped'
             else 'unknown'
           end) as place
      from changed
      join public.instantly_leads_raw as raw on raw.email = changed.email
      left join labels on labels.interest_status = raw.interest_status
  ), gathered as (
    select said.email,
           most_restrictive_first[min(said.place)] as status,
           count(distinct said.instantly_campaign_id) filter (where said.is_listed)::integer as campaigns_count,
           case
             when bool_or(said.is_human_reply) then true
             when bool_or(said.is_human_reply is null) then null
             else false
           end as has_human_reply,
           (array_agg(said.interest_status order by said.place, said.last_replied_at desc nulls last, said.instantly_lead_id)
              filter (where said.interest_status is not null))[1] as interest_status,
           max(said.last_contacted_at) as last_contacted_at,
           max(said.last_replied_at) as last_replied_at,
           bool_or(said.is_listed) as is_listed
      from said
     group by said.email
  ), incoming as materialized (
    select gathered.email, gathered.status, gathered.campaigns_count > 0 as is_in_campaign, gathered.campaigns_count,
           gathered.has_human_reply, gathered.interest_status,
           case gathered.interest_status
             when 0 then 'out of office'
             when 1 then 'interested'
             when 2 then 'meeting booked'
             when 3 then 'meeting completed'
             when 4 then 'won'
             when -1 then 'not interested'
             when -2 then 'wrong person'
             when -3 then 'lost'
             when -4 then 'no show'
             else case when gathered.interest_status is not null then coalesce(labels.label_name, 'unknown') end
           end as interest_label,
           gathered.last_contacted_at, gathered.last_replied_at, gathered.is_listed
      from gathered
      left join labels on labels.interest_status = gathered.interest_status
  ), written as (
    insert into public.leads (
      email, status, is_in_campaign, campaigns_count, has_human_reply, interest_status, interest_label,
      last_contacted_at, last_replied_at, is_listed
    )
    select incoming.*
      from incoming
     where not exists (
       select from public.leads as stored
        where stored.email = incoming.email
          and (stored.status, stored.is_in_campaign, stored.campaigns_count, stored.has_human_reply,
               stored.interest_status, stored.interest_label,
               stored.last_contacted_at, stored.last_replied_at, stored.is_listed)
              is not distinct from
              (incoming.status, incoming.is_in_campaign, incoming.campaigns_count, incoming.has_human_reply,
               incoming.interest_status, incoming.interest_label,
               incoming.last_contacted_at, incoming.last_replied_at, incoming.is_listed)
     )
     order by incoming.email
    on conflict (email) do update
      set status = excluded.status,
          is_in_campaign = excluded.is_in_campaign,
          campaigns_count = excluded.campaigns_count,
          has_human_reply = excluded.has_human_reply,
          interest_status = excluded.interest_status,
          interest_label = excluded.interest_label,
          last_contacted_at = excluded.last_contacted_at,
          last_replied_at = excluded.last_replied_at,
          is_listed = excluded.is_listed,
          updated_at = now()
    returning (xmax = 0) as is_new
  ), left_behind as (
    -- No row names the address any more: the lead has another one now, or its rows were erased.
    update public.leads as stored
       set status = case
             when array_position(most_restrictive_first, stored.status) <= array_position(most_restrictive_first, 'replied')
             then stored.status else 'unknown'
           end,
           is_in_campaign = false, campaigns_count = 0, is_listed = false, updated_at = now()
     where stored.is_listed
       and (since = '-infinity' or exists (select from changed))
       and not exists (select from public.instantly_leads_raw as raw where raw.email = stored.email)
    returning stored.lead_id
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new) + (select count(*) from left_behind),
         (select count(*) from incoming) - count(*)
    from written;
end;
$function$;

comment on function public.refresh_leads(timestamptz) is
  'Brings leads up to instantly_leads_raw. changed_since: only addresses of which a row changed since then, all of them where a label did; NULL: all. A row that says the same already is not touched. Safe to run twice.';

create function public.refresh_reconciliation()
returns table (verdict text, rows bigint)
language sql
security invoker
set search_path = ''
as $function$
  with today as (
    select (now() at time zone 'utc')::date as day
  ), listed as materialized (
    select raw.instantly_campaign_id,
           private.campaign_status_name(raw.campaign_status) as status,
           raw.leads_count,
           raw.emails_sent_count,
           coalesce(jsonb_typeof(raw.raw_json->'analytics') = 'object', false) as has_totals,
           private.day_in(raw.raw_json->'campaign', 'timestamp_created') as created_on
      from public.instantly_campaigns_raw as raw
     where raw.deleted_at is null
  ), deleted as (
    select count(*) as campaigns from public.instantly_campaigns_raw as raw where raw.deleted_at is not null
  ), leads_here as (
    select raw.instantly_campaign_id, count(*) as leads
      from public.instantly_leads_raw as raw
     where raw.deleted_at is null and raw.instantly_campaign_id is not null
     group by raw.instantly_campaign_id
  ), days as materialized (
    select raw.analytics_date, raw.instantly_campaign_id, raw.sent
      from public.instantly_daily_analytics_raw as raw
     where raw.deleted_at is null
  ), sent_a_day as (
    select days.analytics_date,
           count(*) filter (where days.instantly_campaign_id <> 'workspace_total') as campaigns,
           sum(days.sent) filter (where days.instantly_campaign_id <> 'workspace_total') as sent,
           bool_or(days.sent is null) filter (where days.instantly_campaign_id <> 'workspace_total') as has_gap,
           count(*) filter (where days.instantly_campaign_id = 'workspace_total') as totals,
           max(days.sent) filter (where days.instantly_campaign_id = 'workspace_total') as total
      from days
      cross join today
     where days.analytics_date between today.day - 13 and today.day
     group by days.analytics_date
  ), sent_a_campaign as (
    select days.instantly_campaign_id, sum(days.sent) as sent, bool_or(days.sent is null) as has_gap
      from days
     where days.instantly_campaign_id <> 'workspace_total'
     group by days.instantly_campaign_id
  ), first_day as (
    select min(days.analytics_date) as day from days
  ), campaigns_here as (
    select campaign.status, count(*) as campaigns from public.campaigns as campaign where campaign.is_listed group by campaign.status
  ), campaigns_read as (
    select listed.status, count(*) as campaigns from listed group by listed.status
  ), compared (measure, subject, local_count, instantly_count, tolerance, why_not, may_come_from) as (
    select 'leads',
           listed.instantly_campaign_id,
           coalesce(leads_here.leads, 0),
           listed.leads_count::bigint,
           greatest(1, floor(listed.leads_count * 0.01))::bigint,
           case
             when not exists (
               select from public.sync_runs as run
                where run.table_name = 'instantly_leads_raw' and run.status = 'complete'
                  and run.scope in ('all', 'campaign:' || listed.instantly_campaign_id)
                  -- An export may hold a part of them.
                  and run.source = 'api'
             ) then 'not read yet: the leads of this campaign were never swept completely'
             when not listed.has_totals then 'Instantly gives no totals for a campaign that never sent'
             when listed.leads_count is null then 'Instantly''s totals do not say how many leads there are'
           end,
           'leads were added or deleted between the two reads, or a sweep missed some'
      from listed
      left join leads_here using (instantly_campaign_id)
    union all
    select 'sent',
           sent_a_day.analytics_date::text,
           sent_a_day.sent,
           sent_a_day.total,
           case
             when sent_a_day.analytics_date = today.day then greatest(5, floor(sent_a_day.total * 0.02))
             else greatest(2, floor(sent_a_day.total * 0.005))
           end::bigint,
           case
             when sent_a_day.totals = 0 then 'the total of the workspace was not read for this day'
             when sent_a_day.campaigns = 0 then 'no campaign has a row for this day'
             when sent_a_day.total is null then 'the total of the workspace does not say how many were sent'
             when sent_a_day.has_gap then 'a campaign''s row does not say how many were sent'
           end,
           case
             when sent_a_day.sent < sent_a_day.total and deleted.campaigns > 0
             then deleted.campaigns || ' deleted campaigns may be in Instantly''s total only; or campaigns were not read for this day'
             else 'mails went out between the two reads, or campaigns were not read for this day'
           end
      from sent_a_day
      cross join today
      cross join deleted
    union all
    select 'sent_total',
           listed.instantly_campaign_id,
           sent_a_campaign.sent,
           listed.emails_sent_count,
           greatest(5, floor(listed.emails_sent_count * 0.02))::bigint,
           case
             when not listed.has_totals then 'Instantly gives no totals for a campaign that never sent'
             when listed.emails_sent_count is null then 'Instantly''s totals do not say how many were sent'
             when listed.created_on is null then 'when the campaign was made is not known, so neither is whether all its days are here'
             when sent_a_campaign.sent is null then 'no day of this campaign has been read'
             when listed.created_on < first_day.day then 'the campaign is older than the first day that was read, ' || first_day.day
             when sent_a_campaign.has_gap then 'a day of this campaign does not say how many were sent'
           end,
           'mails went out between the two reads, or days of the campaign were not read'
      from listed
      left join sent_a_campaign using (instantly_campaign_id)
      cross join first_day
    union all
    select 'campaigns',
           status,
           coalesce(campaigns_here.campaigns, 0),
           coalesce(campaigns_read.campaigns, 0),
           0,
           null,
           'campaigns is older than instantly_campaigns_raw: refresh_campaigns() has to run'
      from campaigns_here
      full join campaigns_read using (status)
  ), judged as materialized (
    select compared.measure, compared.subject, compared.local_count, compared.instantly_count,
           difference.delta,
           case when compared.why_not is null then compared.tolerance end as tolerance,
           case
             when compared.why_not is not null then 'not comparable'
             when difference.delta = 0 then 'equal'
             when abs(difference.delta) <= compared.tolerance then 'within tolerance'
             else 'off'
           end as verdict,
           case
             when compared.why_not is not null then compared.why_not
             when difference.delta <> 0 then compared.may_come_from
           end as reason
      from compared
      cross join lateral (
        select case when compared.why_not is null then compared.local_count - compared.instantly_count end
      ) as difference (delta)
  ), vanished as (
    delete from public.instantly_reconciliation as stored
     where not exists (
       select from judged where judged.measure = stored.measure and judged.subject = stored.subject
     )
  ), written as (
    insert into public.instantly_reconciliation as stored (
      measure, subject, local_count, instantly_count, delta, tolerance, verdict, reason
    )
    select judged.*
      from judged
     where not exists (
       select from public.instantly_reconciliation as known
        where known.measure = judged.measure and known.subject = judged.subject
          and (known.local_count, known.instantly_count, known.delta, known.tolerance, known.verdict, known.reason)
              is not distinct from
              (judged.local_count, judged.instantly_count, judged.delta, judged.tolerance, judged.verdict, judged.reason)
     )
     order by judged.measure, judged.subject
    on conflict (measure, subject) do update
      set local_count = excluded.local_count,
          instantly_count = excluded.instantly_count,
          delta = excluded.delta,
          tolerance = excluded.tolerance,
          verdict = excluded.verdict,
          reason = excluded.reason,
          checked_at = now()
  )
  select every.verdict, count(judged.measure)
    from unnest(array['equal', 'within tolerance', 'off', 'not comparable']) with ordinality as every (verdict, place)
    left join judged on judged.verdict = every.verdict
   group by every.verdict, every.place
   order by every.place
$function$;

comment on function public.refresh_reconciliation() is
  'Compares our counts with Instantly''s and replaces instantly_reconciliation by what it finds; answers how many rows have each verdict. A row that is found again is not touched. Safe to run twice.';

create view public.campaign_daily with (security_invoker = true) as
select raw.analytics_date as day,
       raw.instantly_campaign_id,
       campaign.campaign_name,
       raw.sent,
       private.count_in(raw.raw_json, 'new_leads_contacted') as contacted,
       private.human_replies(raw.unique_replies, raw.replies, private.count_in(raw.raw_json, 'replies_automatic')) as human_replies,
       private.count_in(raw.raw_json, 'replies_automatic') as automatic_replies,
       case campaign.is_open_tracked
         when true then raw.unique_opened
         when false then null
         else nullif(raw.unique_opened, 0)
       end as opens,
       raw.unique_clicks as clicks,
       private.count_in(raw.raw_json, 'opportunities') as opportunities
  from public.instantly_daily_analytics_raw as raw
  left join public.campaigns as campaign using (instantly_campaign_id)
 where raw.deleted_at is null and raw.instantly_campaign_id <> 'workspace_total';

comment on view public.campaign_daily is
  'Grain: one UTC day of one campaign, campaigns that are deleted by now included. Days without activity have no row. Days do not add up to the totals of campaign_overview where leads are counted: one that answers on two days is two here. NULL: Instantly does not say.';
comment on column public.campaign_daily.day is 'UTC.';
comment on column public.campaign_daily.sent is
  'Mails sent, follow-ups included. Source: instantly_daily_analytics_raw.sent.';
comment on column public.campaign_daily.contacted is
  'Leads that got their first mail of the campaign on this day. Source: instantly_daily_analytics_raw.raw_json new_leads_contacted.';
comment on column public.campaign_daily.human_replies is
  'Leads that answered themselves. Source: instantly_daily_analytics_raw.unique_replies, which has no automatic replies in it; where that is missing, replies less replies_automatic.';
comment on column public.campaign_daily.automatic_replies is
  'Replies written by a machine. Source: instantly_daily_analytics_raw.raw_json replies_automatic; NULL in answers before 2026.';
comment on column public.campaign_daily.opens is
  'Leads that opened a mail. Source: instantly_daily_analytics_raw.unique_opened; NULL where the campaign does not track opens, and instead of 0 where it is not known whether it does.';
comment on column public.campaign_daily.clicks is
  'Leads that clicked a link; 0 also where links are not tracked. Source: instantly_daily_analytics_raw.unique_clicks.';
comment on column public.campaign_daily.opportunities is
  'Leads marked as positive. Source: instantly_daily_analytics_raw.raw_json opportunities.';

create view public.campaign_overview with (security_invoker = true) as
with totals as materialized (
  select raw.instantly_campaign_id, raw.leads_count, raw.emails_sent_count, raw.reply_count, raw.raw_json->'analytics' as analytics
    from public.instantly_campaigns_raw as raw
   where raw.deleted_at is null
), counted as (
  select campaign.campaign_id,
         campaign.instantly_campaign_id,
         campaign.campaign_name,
         campaign.status,
         totals.leads_count as leads,
         private.count_in(totals.analytics, 'new_leads_contacted_count') as contacted,
         totals.emails_sent_count as sent,
         private.human_replies(
           private.count_in(totals.analytics, 'reply_count_unique'),
           totals.reply_count,
           private.count_in(totals.analytics, 'reply_count_automatic')
         ) as human_replies,
         private.count_in(totals.analytics, 'reply_count_automatic') as automatic_replies,
         private.count_in(totals.analytics, 'total_opportunities') as positive_replies,
         private.count_in(totals.analytics, 'bounced_count') as bounces,
         private.count_in(totals.analytics, 'unsubscribed_count') as unsubscribes,
         case campaign.is_open_tracked
           when true then private.count_in(totals.analytics, 'open_count_unique')
           when false then null
           else nullif(private.count_in(totals.analytics, 'open_count_unique'), 0)
         end as opens
    from public.campaigns as campaign
    left join totals using (instantly_campaign_id)
   where campaign.is_listed
)
select counted.campaign_id,
       counted.instantly_campaign_id,
       counted.campaign_name,
       counted.status,
       counted.leads,
       counted.contacted,
       counted.sent,
       counted.human_replies,
       counted.automatic_replies,
       counted.positive_replies,
       counted.bounces,
       counted.unsubscribes,
       counted.opens,
       round(counted.human_replies::numeric / nullif(counted.contacted, 0), 4) as human_reply_rate,
       round(counted.positive_replies::numeric / nullif(counted.contacted, 0), 4) as positive_reply_rate,
       round(counted.bounces::numeric / nullif(counted.sent, 0), 4) as bounce_rate,
       round(counted.opens::numeric / nullif(counted.contacted, 0), 4) as open_rate,
       (
         select max(day.analytics_date)
           from public.instantly_daily_analytics_raw as day
          where day.instantly_campaign_id = counted.instantly_campaign_id and day.sent > 0 and day.deleted_at is null
       ) as last_sent_on,
       (
         select status.complete_as_of from public.sync_status as status where status.table_name = 'instantly_campaigns_raw'
       ) as data_as_of
  from counted;

comment on view public.campaign_overview is
  'Grain: one campaign that Instantly lists, over all time. NULL: Instantly does not say, as for every number of a campaign that never sent.';
comment on column public.campaign_overview.status is 'As in campaigns.';
comment on column public.campaign_overview.leads is
  'Leads in the campaign now; it falls when leads are deleted, the other numbers stay. Source: instantly_campaigns_raw.leads_count.';
comment on column public.campaign_overview.contacted is
  'Different leads that got at least one mail. Source: instantly_campaigns_raw.raw_json analytics new_leads_contacted_count; contacted_count is said to count mails rather than leads.';
comment on column public.campaign_overview.sent is
  'Mails sent, follow-ups included. Source: instantly_campaigns_raw.emails_sent_count.';
comment on column public.campaign_overview.human_replies is
  'Leads that answered themselves. Source: instantly_campaigns_raw.raw_json analytics reply_count_unique, which has no automatic replies in it; where that is missing (answers before 2026), reply_count less reply_count_automatic.';
comment on column public.campaign_overview.automatic_replies is
  'Replies written by a machine. Source: instantly_campaigns_raw.raw_json analytics reply_count_automatic; NULL in answers before 2026.';
comment on column public.campaign_overview.positive_replies is
  'Leads marked as positive. Source: instantly_campaigns_raw.raw_json analytics total_opportunities.';
comment on column public.campaign_overview.bounces is
  'Mails that came back. Source: instantly_campaigns_raw.raw_json analytics bounced_count.';
comment on column public.campaign_overview.unsubscribes is
  'Leads that unsubscribed. Source: instantly_campaigns_raw.raw_json analytics unsubscribed_count.';
comment on column public.campaign_overview.opens is
  'Leads that opened a mail. Source: instantly_campaigns_raw.raw_json analytics open_count_unique; NULL where the campaign does not track opens, and instead of 0 where it is not known whether it does.';
comment on column public.campaign_overview.human_reply_rate is
  'human_replies / contacted: different leads that answered themselves, of those contacted; source reply_count_unique and new_leads_contacted_count. NULL where nobody was contacted.';
comment on column public.campaign_overview.positive_reply_rate is
  'positive_replies / contacted: leads marked as positive, of those contacted; source total_opportunities and new_leads_contacted_count. NULL where nobody was contacted.';
comment on column public.campaign_overview.bounce_rate is
  'bounces / sent: mails that came back, of all sent; source bounced_count and emails_sent_count. NULL where nothing was sent.';
comment on column public.campaign_overview.open_rate is
  'opens / contacted: different leads that opened a mail, of those contacted; source open_count_unique and new_leads_contacted_count. Only to look at: mail programs open mails by themselves, so nothing is decided by it. NULL where opens are not tracked or nobody was contacted.';
comment on column public.campaign_overview.last_sent_on is
  'The last UTC day with a mail sent. Source: instantly_daily_analytics_raw.sent.';
comment on column public.campaign_overview.data_as_of is
  'The moment these numbers speak of. Source: sync_status.complete_as_of of instantly_campaigns_raw; NULL: never read completely.';

create view public.lead_overview with (security_invoker = true) as
select lead.lead_id,
       lead.email,
       lead.status,
       array(
         select distinct coalesce(campaign.campaign_name, raw.instantly_campaign_id)
           from public.instantly_leads_raw as raw
           left join public.campaigns as campaign using (instantly_campaign_id)
          where raw.email = lead.email and raw.deleted_at is null and raw.instantly_campaign_id is not null
          order by 1
       ) as campaigns,
       lead.interest_label,
       lead.has_human_reply,
       lead.last_contacted_at,
       lead.last_replied_at,
       lead.is_listed
  from public.leads as lead;

comment on view public.lead_overview is 'Grain: one normalised address. Columns that are not described here are those of leads.';
comment on column public.lead_overview.campaigns is
  'Names of the campaigns at Instantly that hold the address now; an id where the name is not known.';

create view public.sender_health with (security_invoker = true) as
with thresholds as (
  -- The one place where these numbers stand.
  select 80 as lowest_score,
         0.03 as highest_bounce_rate,
         (now() at time zone 'utc')::date - 6 as first_day,
         (now() at time zone 'utc')::date as last_day
), facts as (
  select account.email,
         account.account_status as account_status_number,
         case account.account_status
           when 1 then 'active'
           when 2 then 'paused'
           when 3 then 'maintenance'
           when -1 then 'connection error'
           when -2 then 'soft bounce error'
           when -3 then 'sending error'
           else 'unknown'
         end as account_status,
         account.warmup_status as warmup_status_number,
         case account.warmup_status
           when 0 then 'paused'
           when 1 then 'active'
           when -1 then 'banned'
           when -2 then 'spam folder unknown'
           when -3 then 'permanent suspension'
           else 'unknown'
         end as warmup_status,
         -- A score outside its scale says nothing.
         case when account.warmup_score between 0 and 100 then account.warmup_score end as warmup_score,
         case when warmup.health_score between 0 and 100 then warmup.health_score end as health_score,
         case
           when week.days > 0 and not week.has_gap then week.sent
           when week.days = 0 and week_was_read.so then 0
         end as sent_7_days,
         case
           when week.days > 0 and not week.has_gap then week.bounced
           when week.days = 0 and week_was_read.so then 0
         end as bounced_7_days,
         private.count_in(account.raw_json, 'daily_limit') as daily_limit,
         thresholds.lowest_score,
         thresholds.highest_bounce_rate
    from public.instantly_accounts_raw as account
    cross join thresholds
    left join public.instantly_account_warmup_raw as warmup on warmup.email = account.email and warmup.deleted_at is null
    cross join lateral (
      select count(*) as days,
             sum(day.sent) as sent,
             sum(day.bounced) as bounced,
             bool_or(day.sent is null or day.bounced is null) as has_gap
        from public.instantly_account_daily_raw as day
       where day.email = account.email and day.deleted_at is null
         and day.analytics_date between thresholds.first_day and thresholds.last_day
    ) as week
    cross join lateral (
      -- Days without activity have no row: nothing was sent only if the days were read while the account was known.
      -- Today may not have been read yet.
      select exists (
        select from public.sync_runs as run
         where run.table_name = 'instantly_account_daily_raw' and run.status = 'complete' and run.source = 'api'
           and run.first_day <= thresholds.first_day and run.last_day >= thresholds.last_day - 1
           and run.started_at >= account.created_at
      ) as so
    ) as week_was_read
   where account.deleted_at is null
), judged as (
  select facts.*,
         array_remove(array[
           case when account_status_number <> 1 then 'the account is not active: ' || account_status end,
           case when warmup_status_number <> 1 then 'the warm-up is not active: ' || warmup_status end,
           case when warmup_score < lowest_score then 'the warm-up score is below ' || lowest_score end,
           case when health_score < lowest_score then 'the health score is below ' || lowest_score end,
           case when bounced_7_days > highest_bounce_rate * sent_7_days and sent_7_days > 0
                then 'more than ' || round(highest_bounce_rate * 100) || ' % bounced in 7 days' end
         ], null) as faults,
         array_remove(array[
           case when account_status_number is null then 'the status of the account is not known' end,
           case when warmup_status_number is null then 'the status of the warm-up is not known' end,
           case when warmup_score is null then 'the warm-up score is not known' end,
           case when health_score is null then 'the health score is not known' end,
           case when sent_7_days is null or bounced_7_days is null then 'what was sent in 7 days is not known' end,
           case when sent_7_days = 0 and bounced_7_days > 0 then 'mails bounced in 7 days without any sent' end
         ], null) as gaps
    from facts
)
select judged.email,
       judged.account_status,
       judged.warmup_status,
       judged.warmup_score,
       judged.health_score,
       judged.sent_7_days,
       judged.bounced_7_days,
       round(judged.bounced_7_days::numeric / nullif(judged.sent_7_days, 0), 4) as bounce_rate_7_days,
       judged.daily_limit,
       case
         when judged.faults <> '{}' then 'not healthy'
         when judged.gaps <> '{}' then 'unknown'
         else 'healthy'
       end as verdict,
       judged.faults || judged.gaps as reasons
  from judged;

comment on view public.sender_health is
  'Grain: one sending account that Instantly lists. Not healthy: not active, warm-up not active, warm-up or health score below 80, or more than 3 % bounced in 7 days; the numbers stand at the top of the view.';
comment on column public.sender_health.account_status is 'Instantly''s status in words; ''unknown'' where the number is new or missing.';
comment on column public.sender_health.warmup_status is 'Instantly''s status in words; ''unknown'' where the number is new or missing.';
comment on column public.sender_health.warmup_score is '0 to 100. Source: instantly_accounts_raw.warmup_score; NULL: not said, or not on that scale.';
comment on column public.sender_health.health_score is
  '0 to 100. Source: instantly_account_warmup_raw.health_score; NULL: not said, or not on that scale.';
comment on column public.sender_health.sent_7_days is
  'Mails sent by campaigns today (UTC) and on the six days before. Source: instantly_account_daily_raw.sent. 0 where the days were read and have no row; NULL where they were not read.';
comment on column public.sender_health.bounced_7_days is
  'Mails that came back, over the same days. Source: instantly_account_daily_raw.bounced.';
comment on column public.sender_health.bounce_rate_7_days is
  'bounced_7_days / sent_7_days: mails that came back, of all sent in 7 days; source instantly_account_daily_raw. NULL where nothing was sent.';
comment on column public.sender_health.daily_limit is
  'Mails a day that the account may send for campaigns. Source: instantly_accounts_raw.raw_json daily_limit.';
comment on column public.sender_health.verdict is
  'healthy, not healthy, or unknown: nothing is wrong, but something is not known. Only healthy is fit to send.';
comment on column public.sender_health.reasons is 'All that is wrong or not known; empty for a healthy account.';

grant select on public.campaign_daily, public.campaign_overview, public.lead_overview, public.sender_health to service_role;

revoke execute on function
  private.count_in(jsonb, text), private.day_in(jsonb, text), private.human_replies(integer, integer, integer),
  private.campaign_status_name(integer),
  public.refresh_campaigns(), public.refresh_leads(timestamptz), public.refresh_reconciliation()
  from public, anon, authenticated;
grant execute on function
  private.count_in(jsonb, text), private.day_in(jsonb, text), private.human_replies(integer, integer, integer),
  private.campaign_status_name(integer),
  public.refresh_campaigns(), public.refresh_leads(timestamptz), public.refresh_reconciliation()
  to service_role;

notify pgrst, 'reload schema';
