-- What a launch has to know of its senders before it says how many people can be written to today: what each account
-- sent and how much of it came back, what the campaign itself sent, and which follow-ups already wait for their turn.
-- A number that was not read is NULL: days without activity have no row, so no row alone says nothing.

create function private.may_send(campaign_status integer)
returns boolean
language sql
immutable
parallel safe
security invoker
set search_path = ''
as $function$
  select campaign_status is null or campaign_status not in (0, 2, 3)
$function$;

comment on function private.may_send(integer) is
  'Whether a campaign of this status may send by itself: all but draft, paused and completed; unseen numbers may.';

create function private.days_were_read(target_table text, first_day date, last_day date, known_since timestamptz)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $function$
  select exists (
    select from public.sync_runs as run
     where run.table_name = target_table and run.status = 'complete'
       -- An export may hold a part of the days.
       and run.source = 'api'
       and run.first_day <= days_were_read.first_day and run.last_day >= days_were_read.last_day
       -- A read asks about those it knows.
       and run.started_at >= known_since
  )
$function$;

comment on function private.days_were_read(text, date, date, timestamptz) is
  'Whether one complete read covered these days after somebody was known: only then does a day without a row mean zero.';

create function public.sender_statistics(senders jsonb, today date, days integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(counted) order by counted.email), '[]')
    from (
      select account.email,
             case when was_read.before_today and not sums.has_gap then sums.sent end as sent,
             case when was_read.before_today and not sums.has_gap then sums.bounced end as bounced,
             case when was_read.today and not sums.has_gap then sums.sent_today end as sent_today,
             case when was_read.before_today and not sums.has_gap then sums.most_sent_a_day end as most_sent_a_day
        from public.instantly_accounts_raw as account
        cross join lateral (
          select coalesce(sum(day.sent), 0) as sent,
                 coalesce(sum(day.bounced), 0) as bounced,
                 coalesce(sum(day.sent) filter (where day.analytics_date = today), 0) as sent_today,
                 coalesce(max(day.sent) filter (where day.analytics_date < today), 0) as most_sent_a_day,
                 coalesce(bool_or(day.sent is null or day.bounced is null), false) as has_gap
            from public.instantly_account_daily_raw as day
           where day.email = account.email and day.deleted_at is null
             and day.analytics_date between today - (days - 1) and today
        ) as sums
        cross join lateral (
          select private.days_were_read('instantly_account_daily_raw', today - (days - 1), today - 1, account.created_at)
                   as before_today,
                 private.days_were_read('instantly_account_daily_raw', today, today, account.created_at) as today
        ) as was_read
       where account.email in (select jsonb_array_elements_text(senders)) and account.deleted_at is null
    ) as counted
$function$;

comment on function public.sender_statistics(jsonb, date, integer) is
  '[{"email", "sent", "bounced", "sent_today", "most_sent_a_day"}]: mails of campaigns by those accounts over the last days up to and with today (UTC), and the busiest day before today. NULL: not read, or with a gap. An account that is not known here has no entry.';

create function public.campaign_statistics(wanted_campaign text, first_day date, last_day date)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(
           (
             select case when private.days_were_read(
                           'instantly_daily_analytics_raw', first_day, last_day, campaign.created_at
                         ) and not sums.has_gap
                         then jsonb_build_object('sent', sums.sent, 'new_people', sums.new_people)
                    end
               from public.instantly_campaigns_raw as campaign
               cross join lateral (
                 select coalesce(sum(day.sent), 0) as sent,
                        coalesce(sum(private.count_in(day.raw_json, 'new_leads_contacted')), 0) as new_people,
                        coalesce(
                          bool_or(day.sent is null or private.count_in(day.raw_json, 'new_leads_contacted') is null), false
                        ) as has_gap
                   from public.instantly_daily_analytics_raw as day
                  where day.instantly_campaign_id = campaign.instantly_campaign_id and day.deleted_at is null
                    and day.analytics_date between campaign_statistics.first_day and campaign_statistics.last_day
               ) as sums
              where campaign.instantly_campaign_id = wanted_campaign
           ),
           jsonb_build_object('sent', null, 'new_people', null)
         )
$function$;

comment on function public.campaign_statistics(text, date, date) is
  '{"sent", "new_people"}: mails and first mails of one campaign over these UTC days; NULL: not read, or with a gap.';

create function public.follow_ups_due(senders jsonb, due_before timestamptz)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  with wanted as materialized (
    select jsonb_array_elements_text(senders) as email
  ), sending as materialized (
    select raw.instantly_campaign_id,
           case when jsonb_typeof(raw.raw_json #> '{campaign,sequences,0,steps}') = 'array'
                then raw.raw_json #> '{campaign,sequences,0,steps}' end as steps,
           -- Who sends by a tag is not in the campaign, so it may be anybody.
           coalesce(jsonb_array_length(
             case when jsonb_typeof(raw.raw_json #> '{campaign,email_tag_list}') = 'array'
                  then raw.raw_json #> '{campaign,email_tag_list}' end
           ), 0) > 0
           or exists (
             select from jsonb_array_elements_text(
               case when jsonb_typeof(raw.raw_json #> '{campaign,email_list}') = 'array'
                    then raw.raw_json #> '{campaign,email_list}' else '[]' end
             ) as listed (email)
             join wanted on wanted.email = lower(btrim(listed.email))
           ) as shares_senders
      from public.instantly_campaigns_raw as raw
     where raw.deleted_at is null and private.may_send(raw.campaign_status)
  ), waits as materialized (
    select sending.instantly_campaign_id,
           step.place - 1 as step,
           case when jsonb_typeof(step.value->'delay') = 'number'
                then (step.value->>'delay')::double precision
                     * case coalesce(step.value->>'delay_unit', 'days')
                         when 'minutes' then interval '1 minute'
                         when 'hours' then interval '1 hour'
                         when 'days' then interval '1 day'
                       end
           end as delay,
           step.place = jsonb_array_length(sending.steps) as is_last
      from sending
      cross join lateral jsonb_array_elements(sending.steps) with ordinality as step (value, place)
  ), contacted as materialized (
    select lead.instantly_campaign_id,
           lead.last_contacted_at,
           lower(btrim(coalesce(
             last.step->>'from', lead.raw_json->>'last_step_from', lead.raw_json->>'last_contacted_from'
           ))) as email,
           coalesce(substring(
             coalesce(last.step->>'stepID', lead.raw_json->>'last_step_id') from '^[0-9]{1,4}_([0-9]{1,4})_[0-9]{1,4}$'
           )::integer, -1) as step
      from public.instantly_leads_raw as lead
      cross join lateral (select lead.raw_json #> '{status_summary,lastStep}' as step) as last
     where lead.deleted_at is null
       and lead.instantly_campaign_id in (select sending.instantly_campaign_id from sending)
       -- Paused, completed, bounced, unsubscribed and skipped ones get nothing more; unseen numbers may.
       and (lead.lead_status is null or lead.lead_status not in (2, 3, -1, -2, -3))
       and lead.last_contacted_at is not null
  ), waiting as (
    -- What is not known about a step counts as due now: capacity is then told too low, never too high.
    select contacted.instantly_campaign_id, contacted.email, sending.shares_senders
      from contacted
      join sending using (instantly_campaign_id)
      left join waits on waits.instantly_campaign_id = contacted.instantly_campaign_id and waits.step = contacted.step
     where case
             when waits.step is not null
             then not waits.is_last and coalesce(contacted.last_contacted_at + waits.delay < due_before, true)
             -- A step behind the last one has nothing to wait for, and neither has a sequence of one mail.
             else sending.steps is null
                  or contacted.step < jsonb_array_length(sending.steps) and jsonb_array_length(sending.steps) > 1
           end
  )
  select coalesce(jsonb_agg(to_jsonb(counted)), '[]')
    from (
      select waiting.instantly_campaign_id, wanted.email, count(*) as mails
        from waiting
        left join wanted on wanted.email = waiting.email
       where wanted.email is not null or (waiting.email is null and waiting.shares_senders)
       group by waiting.instantly_campaign_id, wanted.email
       order by waiting.instantly_campaign_id, wanted.email
    ) as counted
$function$;

comment on function public.follow_ups_due(jsonb, timestamptz) is
  '[{"instantly_campaign_id", "email", "mails"}]: follow-ups of campaigns that may send, due before that moment, by those senders: a follow-up goes out from the account that wrote last. email NULL: that account is not known, and the campaign may send by one of these. A follow-up is due when the wait of the last step is over.';

revoke execute on function
  private.may_send(integer), private.days_were_read(text, date, date, timestamptz),
  public.sender_statistics(jsonb, date, integer), public.campaign_statistics(text, date, date),
  public.follow_ups_due(jsonb, timestamptz)
  from public, anon, authenticated;
grant execute on function
  private.may_send(integer), private.days_were_read(text, date, date, timestamptz),
  public.sender_statistics(jsonb, date, integer), public.campaign_statistics(text, date, date),
  public.follow_ups_due(jsonb, timestamptz)
  to service_role;

notify pgrst, 'reload schema';
