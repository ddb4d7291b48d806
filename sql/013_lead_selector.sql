-- Who may be written to by a campaign, and why the others may not; and their reservation, in one transaction.

create function public.stale_tables(wanted jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(
           jsonb_build_object(
             'table_name', given.table_name, 'most_age_s', given.most_age_s::numeric,
             'complete_as_of', status.complete_as_of,
             'age_s', round(extract(epoch from now() - status.complete_as_of)),
             'last_status', status.last_status, 'last_reason', status.last_reason
           ) order by given.table_name), '[]')
    from jsonb_each_text(wanted) as given (table_name, most_age_s)
    left join public.sync_status as status using (table_name)
   where status.complete_as_of is null
      or status.complete_as_of < now() - make_interval(secs => given.most_age_s::double precision)
      -- A clock that is wrong makes nothing fresh.
      or status.complete_as_of > now() + interval '5 minutes'
$function$;

comment on function public.stale_tables(jsonb) is
  '{table: seconds}: [{"table_name", "most_age_s", "complete_as_of", "age_s", "last_status", "last_reason"}] of those whose newest complete data is older, or who have none.';

create function public.lead_countries()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(distinct lead.country), '[]') from public.leads as lead where lead.country is not null
$function$;

comment on function public.lead_countries() is 'Every country of a lead, as it is written there.';

create function private.selection_rules()
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $function$
  select array[
    'not_described', 'suppressed', 'reserved_here', 'in_campaign_at_instantly', 'contacted_before', 'stopped',
    'status_unknown', 'refused_at_instantly', 'address_not_verified', 'address_of_a_role', 'address_for_minutes',
    'region_without_basis', 'other_lawful_basis', 'other_search', 'other_country', 'other_size', 'other_title',
    'score_too_low', 'other_spelling', 'company_has_enough', 'domain_has_enough', 'no_room'
  ]
$function$;

comment on function private.selection_rules() is 'The rules of private.judge_leads, in the order in which they are asked.';

create function private.look_at_leads(criteria jsonb, horizon integer)
returns table (
  lead_id uuid, match_key text, email text, company_key text, mail_domain text, score smallint, verdict text, rank integer
)
language sql
stable
security invoker
set search_path = ''
-- A plan for any criteria would not know how few of them narrow anything.
set plan_cache_mode = force_custom_plan
-- What Supabase gives a query would put the sorting of a hundred thousand leads on disk.
set work_mem = '64MB'
set jit = off
as $function$
  with wanted as materialized (
    select criteria->>'campaign_name' as campaign_name,
           criteria->'regions' as regions,
           case when jsonb_typeof(criteria->'searches') = 'array'
             then array(select jsonb_array_elements_text(criteria->'searches')) end as searches,
           case when jsonb_typeof(criteria->'countries') = 'array'
             then array(select jsonb_array_elements_text(criteria->'countries')) end as countries,
           (criteria->>'min_employees')::integer as min_employees,
           (criteria->>'max_employees')::integer as max_employees,
           criteria->>'title_pattern' as title_pattern,
           (criteria->>'min_score')::integer as min_score,
           (criteria->>'people_per_company')::integer as people_per_company,
           (criteria->>'people_per_domain')::integer as people_per_domain,
           (criteria->>'room')::integer as room
  ), reserved as materialized (
    select entry.match_key, entry.campaign_name, entry.company_key, entry.mail_domain, entry.state
      from public.campaign_leads as entry
     where entry.state <> 'released'
  ), suppressed as materialized (
    select distinct stop.lead_id from public.suppressed_leads as stop
  ), refused as materialized (
    select distinct entry.match_key
      from public.campaign_leads as entry
     where entry.state = 'released' and entry.reason in ('in_block_list', 'invalid_at_instantly', 'refused_at_instantly')
  ), history as materialized (
    -- What any spelling of an address says holds for the person.
    select lead.match_key,
           bool_or(lead.is_in_campaign) as is_in_campaign,
           bool_or(lead.last_contacted_at is not null) as was_contacted,
           bool_or(lead.status in ('unsubscribed', 'bounced', 'not_interested', 'wrong_person', 'positive', 'replied')) as has_stopped,
           bool_or(lead.status not in ('new', 'listed')) as is_unknown
      from public.leads as lead
     where lead.match_key is not null
       and (lead.is_in_campaign or lead.last_contacted_at is not null or lead.status not in ('new', 'listed'))
     group by lead.match_key
  ), company_counts as materialized (
    select reserved.company_key, count(*) as people
      from reserved cross join wanted
     where reserved.state <> 'finished' or reserved.campaign_name = wanted.campaign_name
     group by reserved.company_key
  ), domain_counts as materialized (
    select reserved.mail_domain, count(*) as people
      from reserved cross join wanted
     where reserved.state <> 'finished' or reserved.campaign_name = wanted.campaign_name
     group by reserved.mail_domain
  ), looked_at as materialized (
    select lead.lead_id, lead.match_key, lead.email, lead.email_domain as mail_domain, score.score,
           coalesce(
             lead.company_domain,
             case when lead.is_free_mail is false then lead.registrable_domain end,
             lead.match_key
           ) as company_key,
           case
             when lead.match_key is null or lead.email_domain is null then 'not_described'
             when suppressed.lead_id is not null then 'suppressed'
             when reserved.match_key is not null then 'reserved_here'
             when lead.is_in_campaign or history.is_in_campaign then 'in_campaign_at_instantly'
             when history.was_contacted then 'contacted_before'
             when history.has_stopped then 'stopped'
             when history.is_unknown then 'status_unknown'
             when refused.match_key is not null then 'refused_at_instantly'
             when lead.email_status is distinct from 'verified' then 'address_not_verified'
             when lead.is_role_address is distinct from false then 'address_of_a_role'
             when lead.is_disposable is distinct from false then 'address_for_minutes'
             when (wanted.regions ? lead.region) is not true then 'region_without_basis'
             -- Nobody changes behind a person's back why they may be written to.
             when lead.lawful_basis is distinct from wanted.regions->>lead.region then 'other_lawful_basis'
             when wanted.searches is not null and (lead.search_name = any (wanted.searches)) is not true then 'other_search'
             when wanted.countries is not null and (lead.country = any (wanted.countries)) is not true then 'other_country'
             when wanted.min_employees is not null and (company.employees_count >= wanted.min_employees) is not true then 'other_size'
             when wanted.max_employees is not null and (company.employees_count <= wanted.max_employees) is not true then 'other_size'
             when wanted.title_pattern is not null and (lead.job_title ~* wanted.title_pattern) is not true then 'other_title'
             when wanted.min_score > 0 and (score.score >= wanted.min_score) is not true then 'score_too_low'
           end as verdict
      from public.leads as lead
      cross join wanted
      left join public.lead_scores as score using (lead_id)
      left join public.companies as company on company.domain = lead.company_domain
      left join suppressed on suppressed.lead_id = lead.lead_id
      left join reserved on reserved.match_key = lead.match_key
      left join refused on refused.match_key = lead.match_key
      left join history on history.match_key = lead.match_key
  ), best as materialized (
    -- The best first; of two that are equal always the same one.
    select looked_at.lead_id, looked_at.match_key, looked_at.company_key, looked_at.mail_domain,
           row_number() over (order by looked_at.score desc nulls last, looked_at.lead_id)::integer as place
      from looked_at
     where looked_at.verdict is null
     order by looked_at.score desc nulls last, looked_at.lead_id
     limit horizon
  ), spelled as (
    -- Of two spellings of one mailbox the better known one is written to.
    select best.*, row_number() over (partition by best.match_key order by best.place) as spelling from best
  ), of_companies as (
    select spelled.*,
           row_number() over (partition by spelled.company_key order by spelled.place) + coalesce(company_counts.people, 0) as of_company
      from spelled
      left join company_counts using (company_key)
     where spelled.spelling = 1
  ), of_domains as (
    select of_companies.*,
           row_number() over (partition by of_companies.mail_domain order by of_companies.place) + coalesce(domain_counts.people, 0) as of_domain
      from of_companies
      cross join wanted
      left join domain_counts using (mail_domain)
     where of_companies.of_company <= wanted.people_per_company
  ), ranked as (
    select of_domains.lead_id, of_domains.place, row_number() over (order by of_domains.place)::integer as rank
      from of_domains
      cross join wanted
     where of_domains.of_domain <= wanted.people_per_domain
  ), last_place as materialized (
    -- Where the room ends: whoever comes behind finds none, whatever else would have left them out.
    select case when wanted.room = 0 then 0 else (select ranked.place from ranked where ranked.rank = wanted.room) end as place
      from wanted
  ), decided as materialized (
    select spelled.lead_id,
           case
             when spelled.place > last_place.place then 'no_room'
             when ranked.rank is not null then null
             when spelled.spelling > 1 then 'other_spelling'
             when of_domains.lead_id is null then 'company_has_enough'
             else 'domain_has_enough'
           end as verdict,
           case when spelled.place <= coalesce(last_place.place, spelled.place) then ranked.rank end as rank
      from spelled
      cross join last_place
      left join of_domains on of_domains.lead_id = spelled.lead_id
      left join ranked on ranked.lead_id = spelled.lead_id
  )
  select looked_at.lead_id, looked_at.match_key, looked_at.email, looked_at.company_key, looked_at.mail_domain,
         looked_at.score,
         case
           when looked_at.verdict is not null then looked_at.verdict
           when decided.lead_id is not null then decided.verdict
           when last_place.place is not null then 'no_room'
           else 'behind_the_horizon'
         end,
         decided.rank
    from looked_at
    cross join last_place
    left join decided on decided.lead_id = looked_at.lead_id
$function$;

comment on function private.look_at_leads(jsonb, integer) is
  'As private.judge_leads, looking for people to choose among the best of those that fit, as many as horizon. If the room is not filled by these, the others are behind_the_horizon. NULL looks at all.';

create function private.judge_leads(criteria jsonb)
returns table (
  lead_id uuid, match_key text, email text, company_key text, mail_domain text, score smallint, verdict text, rank integer
)
language sql
stable
security invoker
set search_path = ''
as $function$
  with near as materialized (
    select look.* from private.look_at_leads(criteria, least(2000 + 8 * (criteria->>'room')::bigint, 2147483647)::integer) as look
  ), is_too_near as materialized (
    select exists (select from near where near.verdict = 'behind_the_horizon') as answer
  )
  select near.* from near where not (select is_too_near.answer from is_too_near)
  union all
  select look.* from private.look_at_leads(criteria, null) as look where (select is_too_near.answer from is_too_near)
$function$;

comment on function private.judge_leads(jsonb) is
  'Every lead under the criteria of a campaign: the first rule that leaves it out, or, with NULL, its place among the chosen. The same tables give the same answer: by score, then by lead_id. What is not known of a lead is never in its favour. criteria: {"campaign_name", "regions", "searches", "countries", "min_employees", "max_employees", "title_pattern", "min_score", "people_per_company", "people_per_domain", "room"}.';

create function private.selection_funnel(verdicts jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(
           jsonb_build_object('rule', rule.name, 'people', (verdicts->>rule.name)::bigint) order by rule.place), '[]')
    from unnest(private.selection_rules() || array['chosen']) with ordinality as rule (name, place)
   where verdicts ? rule.name
$function$;

comment on function private.selection_funnel(jsonb) is 'Counts by rule as a list, in the order of the rules; at last the chosen.';

create function private.room_of_campaign(wanted_campaign text, people_cap integer, people_limit integer)
returns integer
language sql
stable
security invoker
set search_path = ''
as $function$
  select least(
           people_limit,
           -- Without a cap nothing is compared: greatest() would take NULL for the smaller one.
           case when people_cap is not null then greatest(people_cap - (
             select count(*)
               from public.campaign_leads as entry
              where entry.campaign_name = wanted_campaign and entry.state <> 'released'
           ), 0) end
         )::integer
$function$;

comment on function private.room_of_campaign(text, integer, integer) is
  'How many more people a campaign takes: what its cap leaves, and no more than the limit. NULL, where neither is set: any number.';

create function public.select_leads(criteria jsonb, people_limit integer, shown integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  with judged as materialized (
    select judge.*
      from private.judge_leads(criteria || jsonb_build_object(
             'room', private.room_of_campaign(criteria->>'campaign_name', (criteria->>'people_cap')::integer, people_limit)
           )) as judge
  ), counted as (
    select coalesce(judged.verdict, 'chosen') as rule, count(*) as people from judged group by 1
  )
  select jsonb_build_object(
    'funnel', (select private.selection_funnel(coalesce(jsonb_object_agg(counted.rule, counted.people), '{}')) from counted),
    'chosen', (select count(*) from judged where judged.rank is not null),
    'without_line', (
      select count(*)
        from judged
       where judged.rank is not null
         and not exists (select from public.icebreakers as written where written.lead_id = judged.lead_id)
    ),
    'first', (
      select coalesce(jsonb_agg(judged.lead_id order by judged.rank), '[]') from judged where judged.rank <= shown
    )
  )
$function$;

comment on function public.select_leads(jsonb, integer, integer) is
  'What a launch would choose now, without reserving anybody: {"funnel": [{"rule", "people"}], "chosen": people, "without_line": of these without an opening line yet, "first": ids of the first ones, at most shown}. criteria as in private.judge_leads, with people_cap in place of room.';

create function public.explain_leads(criteria jsonb, wanted_leads jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(
           jsonb_build_object('lead_id', judge.lead_id, 'score', judge.score, 'rule', judge.verdict, 'rank', judge.rank)
           order by judge.rank nulls last, judge.lead_id), '[]')
    from private.judge_leads(criteria || jsonb_build_object(
           'room', private.room_of_campaign(criteria->>'campaign_name', (criteria->>'people_cap')::integer, null)
         )) as judge
   where wanted_leads is null
      or judge.lead_id in (select wanted.lead_id::uuid from jsonb_array_elements_text(wanted_leads) as wanted (lead_id))
$function$;

comment on function public.explain_leads(jsonb, jsonb) is
  'For each of these leads, or with NULL for all: the first rule that leaves it out of the campaign, or its place among those who would be chosen.';

create function public.reserve_people(request jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  criteria jsonb := request->'criteria';
  launch public.launches;
  stale jsonb;
  counts jsonb;
  chosen bigint;
begin
  -- One reservation at a time, over all campaigns: whoever comes second sees whom the first one took.
  perform pg_advisory_xact_lock(hashtextextended('campaign_leads', 0));
  -- A suppression that is being noted is waited for, and then seen; a later one waits for this to end.
  perform private.hold_suppressions();

  select known.* into launch from public.launches as known where known.launch_id = (request->>'launch_id')::uuid for update;
  if launch.launch_id is null or launch.state <> 'open' then
    return jsonb_build_object('refused', 'not_open');
  elsif launch.copy_digest <> request->>'copy_digest' then
    return jsonb_build_object('refused', 'other_copy');
  elsif launch.selected_at is not null then
    return jsonb_build_object('funnel', launch.funnel, 'reserved', 0, 'is_new', false);
  elsif (select switch.is_paused from public.pause_switch as switch) is distinct from false then
    return jsonb_build_object('refused', 'paused');
  end if;
  stale := public.stale_tables(request->'most_age_s');
  if stale <> '[]' then
    return jsonb_build_object('refused', 'stale', 'stale', stale);
  end if;

  with judged as materialized (
    select judge.*
      from private.judge_leads(criteria || jsonb_build_object(
             'campaign_name', launch.campaign_name,
             'room', private.room_of_campaign(
               launch.campaign_name, (criteria->>'people_cap')::integer,
               -- Whoever continues a launch may ask for fewer people than it was begun for.
               least(launch.people_limit, (request->>'people_limit')::integer)
             )
           )) as judge
  ), taken as (
    insert into public.campaign_leads (
      launch_id, campaign_name, lead_id, match_key, email, company_key, mail_domain, rank, copy_digest
    )
    select launch.launch_id, launch.campaign_name, judged.lead_id, judged.match_key, judged.email, judged.company_key,
           judged.mail_domain, judged.rank, launch.copy_digest
      from judged
     where judged.rank is not null
     order by judged.rank
    returning campaign_lead_id
  ), counted as (
    select coalesce(judged.verdict, 'chosen') as rule, count(*) as people from judged group by 1
  )
  select (select private.selection_funnel(coalesce(jsonb_object_agg(counted.rule, counted.people), '{}')) from counted),
         (select count(*) from taken)
    into counts, chosen;

  update public.launches as open
     set selected_at = now(), funnel = counts
   where open.launch_id = launch.launch_id;
  return jsonb_build_object('funnel', counts, 'reserved', chosen, 'is_new', true);
end;
$function$;

comment on function public.reserve_people(jsonb) is
  '{"launch_id", "copy_digest", "criteria", "people_limit", "most_age_s": {table: seconds}}: chooses the people of an open launch and writes them into the contact ledger, all in one transaction, once: {"funnel", "reserved", "is_new"}. {"refused"}: not_open, other_copy, paused, stale (with the tables). Safe to run twice.';

create function public.take_people_to_upload(wanted_launch uuid, this_upload uuid, most integer)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  launch public.launches;
  suppressed bigint;
  taken jsonb;
begin
  -- Nobody ends the launch meanwhile.
  select known.* into launch from public.launches as known where known.launch_id = wanted_launch for share;
  if launch.launch_id is null or launch.state <> 'open' then
    return jsonb_build_object('refused', 'not_open');
  end if;
  if (select switch.is_paused from public.pause_switch as switch) is distinct from false then
    return jsonb_build_object('refused', 'paused');
  end if;
  select jsonb_agg(to_jsonb(person) order by person.rank) into taken
    from (
      select entry.campaign_lead_id, entry.rank, entry.email, entry.payload
        from public.campaign_leads as entry
       where entry.upload_id = this_upload and entry.state = 'uploading'
    ) as person;
  if taken is not null then
    return jsonb_build_object('people', taken, 'suppressed', 0);
  end if;

  perform private.hold_suppressions();
  with stopped as (
    update public.campaign_leads as entry
       set state = 'released', reason = 'suppressed'
      from public.suppressed_leads as stop
     where entry.campaign_name = launch.campaign_name and entry.state = 'reserved' and stop.lead_id = entry.lead_id
       and not private.may_be_on_the_way(entry.upload_id, entry.state_since)
    returning entry.campaign_lead_id
  )
  select count(*) into suppressed from stopped;

  with next as (
    select entry.campaign_lead_id
      from public.campaign_leads as entry
     where entry.campaign_name = launch.campaign_name and entry.state = 'reserved' and entry.payload is not null
       -- Some of these are not released yet: a request that carried them may still take effect.
       and entry.lead_id not in (select stop.lead_id from public.suppressed_leads as stop)
     order by entry.rank, entry.campaign_lead_id
     limit most
       for update skip locked
  ), moved as (
    update public.campaign_leads as entry
       set state = 'uploading', upload_id = this_upload
      from next
     where entry.campaign_lead_id = next.campaign_lead_id
    returning entry.campaign_lead_id, entry.rank, entry.email, entry.payload
  )
  select coalesce(jsonb_agg(to_jsonb(moved) order by moved.rank), '[]') into taken from moved;
  return jsonb_build_object('people', taken, 'suppressed', suppressed);
end;
$function$;

comment on function public.take_people_to_upload(uuid, uuid, integer) is
  'The next people of the campaign of a launch, also those whom an earlier launch left, best first, noted as uploading under this upload: {"people": [{"campaign_lead_id", "rank", "email", "payload"}], "suppressed"}. Whoever was suppressed since the reservation is released first, or, where an earlier request may still reach them, waits for that. Two callers never get the same person; one that asks again with its upload gets the same people. {"refused"}: paused, not_open.';

revoke execute on function
  private.selection_rules(), private.look_at_leads(jsonb, integer), private.judge_leads(jsonb),
  private.selection_funnel(jsonb),
  private.room_of_campaign(text, integer, integer),
  public.stale_tables(jsonb), public.lead_countries(), public.select_leads(jsonb, integer, integer),
  public.explain_leads(jsonb, jsonb), public.reserve_people(jsonb), public.take_people_to_upload(uuid, uuid, integer)
  from public, anon, authenticated;
grant execute on function
  private.selection_rules(), private.look_at_leads(jsonb, integer), private.judge_leads(jsonb),
  private.selection_funnel(jsonb),
  private.room_of_campaign(text, integer, integer),
  public.stale_tables(jsonb), public.lead_countries(), public.select_leads(jsonb, integer, integer),
  public.explain_leads(jsonb, jsonb), public.reserve_people(jsonb), public.take_people_to_upload(uuid, uuid, integer)
  to service_role;

notify pgrst, 'reload schema';
