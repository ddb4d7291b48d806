-- Whether rule 1 holds at Instantly itself: a person is in at most one campaign there, whoever put them in.

create view public.people_in_several_campaigns with (security_invoker = true) as
with live as (
  select raw.instantly_campaign_id
    from public.instantly_campaigns_raw as raw
   where raw.deleted_at is null
     -- A number that nobody has seen before may be one that sends.
     and private.campaign_status_name(raw.campaign_status) not in ('completed', 'account_suspended')
), places as (
  select distinct coalesce(lead.match_key, raw.email) as match_key, raw.instantly_campaign_id
    from public.instantly_leads_raw as raw
    join live using (instantly_campaign_id)
    left join public.leads as lead on lead.email = raw.email
   where raw.deleted_at is null and raw.email is not null
)
select places.match_key,
       count(*)::integer as campaigns_count,
       array_agg(places.instantly_campaign_id order by places.instantly_campaign_id) as campaign_ids
  from places
 group by places.match_key
having count(*) > 1;

comment on view public.people_in_several_campaigns is
  'Grain: one person whom more than one live campaign at Instantly holds now. Live: draft, active, paused, running subsequences, accounts unhealthy, bounce protect, or a status that is new; not completed, not suspended.';
comment on column public.people_in_several_campaigns.match_key is
  'As in leads, so that two spellings of one mailbox are one person; the address where it was not described yet.';
comment on column public.people_in_several_campaigns.campaign_ids is 'Ids at Instantly, in order.';

create table public.duplicate_audit (
  campaign_ids text[] not null,
  people integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint duplicate_audit_pkey primary key (campaign_ids),
  constraint duplicate_audit_is_of_several check (cardinality(campaign_ids) > 1 and people > 0)
);

comment on table public.duplicate_audit is
  'Live campaigns that hold the same people, which none should. Grain: one combination of campaigns. Replaced as a whole by refresh_duplicate_audit(); empty when all is well. Who the people are says people_in_several_campaigns.';
comment on column public.duplicate_audit.campaign_ids is 'Ids at Instantly, in order.';
comment on column public.duplicate_audit.people is 'People who are in exactly these.';
comment on column public.duplicate_audit.created_at is 'When the combination was first found.';

alter table public.duplicate_audit enable row level security;
grant select, insert, update, delete on table public.duplicate_audit to service_role;

create function public.refresh_duplicate_audit()
returns table (inserted bigint, updated bigint, unchanged bigint, ended bigint)
language sql
security invoker
set search_path = ''
as $function$
  with found as materialized (
    select several.campaign_ids, count(*)::integer as people
      from public.people_in_several_campaigns as several
     group by several.campaign_ids
  ), vanished as (
    delete from public.duplicate_audit as stored
     where not exists (select from found where found.campaign_ids = stored.campaign_ids)
    returning stored.campaign_ids
  ), written as (
    insert into public.duplicate_audit (campaign_ids, people)
    select found.campaign_ids, found.people
      from found
     where not exists (
       select from public.duplicate_audit as stored
        where stored.campaign_ids = found.campaign_ids and stored.people = found.people
     )
     order by found.campaign_ids
    on conflict (campaign_ids) do update set people = excluded.people, updated_at = now()
    returning (xmax = 0) as is_new
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new),
         (select count(*) from found) - count(*),
         (select count(*) from vanished)
    from written
$function$;

comment on function public.refresh_duplicate_audit() is
  'Brings duplicate_audit up to what people_in_several_campaigns finds now; ended: combinations that share nobody any more. A row that is found again is not touched. Safe to run twice.';

grant select on public.people_in_several_campaigns to service_role;
revoke execute on function public.refresh_duplicate_audit() from public, anon, authenticated;
grant execute on function public.refresh_duplicate_audit() to service_role;

notify pgrst, 'reload schema';
