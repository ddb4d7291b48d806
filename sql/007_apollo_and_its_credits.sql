-- Apollo: which searches we run, whom and what they found, and what every credit was spent on.
-- A person or a fact is paid for once: the ledger is written before the call, and settled by the answer.

create table public.apollo_searches (
  search_name text not null,
  kind text not null,
  filters jsonb not null,
  is_active boolean not null default true,
  people_per_day integer not null,
  interval_hours integer not null,
  lawful_basis text not null,
  region text,
  source_file text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint apollo_searches_pkey primary key (search_name),
  constraint apollo_searches_name_is_a_slug check (search_name ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
  constraint apollo_searches_kind_is_known check (kind in ('people', 'companies')),
  constraint apollo_searches_people_per_day_is_a_count check (people_per_day >= 0),
  constraint apollo_searches_interval_is_positive check (interval_hours > 0)
);

comment on table public.apollo_searches is
  'What we look for at Apollo. Grain: one search. Written by `outreach campaigns apply` from the files in campaigns/.';
comment on column public.apollo_searches.filters is 'As the file has them, validated; names without brackets.';
comment on column public.apollo_searches.people_per_day is 'At most so many people of this search are asked about for credits in one UTC day.';
comment on column public.apollo_searches.interval_hours is 'A search is read again when its last complete read is older.';
comment on column public.apollo_searches.lawful_basis is 'Of the people it finds: why we may keep and write to them.';
comment on column public.apollo_searches.region is 'Overrides the region of the people it finds; NULL: by their country.';

create table public.apollo_people_raw (
  apollo_person_id text not null,
  first_name text,
  job_title text,
  organization_name text,
  has_email boolean,
  has_direct_phone boolean,
  last_refreshed_at timestamptz,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint apollo_people_raw_pkey primary key (apollo_person_id),
  constraint apollo_people_raw_id_is_present check (apollo_person_id <> '')
);

comment on table public.apollo_people_raw is
  'Grain: one person that a search found, as last found: without address, phone and surname. Source: POST /mixed_people/api_search, which costs nothing.';
comment on column public.apollo_people_raw.has_email is 'Whether Apollo holds a verified address; NULL: not said.';
comment on column public.apollo_people_raw.has_direct_phone is 'NULL: Apollo is not sure, or does not say.';
comment on column public.apollo_people_raw.last_refreshed_at is 'When Apollo last refreshed the person: the free sign that something changed.';
comment on column public.apollo_people_raw.deleted_at is 'Always NULL: a search that no longer finds somebody says nothing of whether they are gone.';

create table public.apollo_search_people (
  search_name text not null,
  apollo_person_id text not null,
  found_at timestamptz not null default now(),
  constraint apollo_search_people_pkey primary key (search_name, apollo_person_id)
);

comment on table public.apollo_search_people is 'Which search found whom, and when first. Grain: one person of one search.';
create index apollo_search_people_person on public.apollo_search_people (apollo_person_id);

create table public.apollo_organizations_raw (
  apollo_organization_id text not null,
  organization_name text,
  primary_domain text,
  industry text,
  employees_count integer,
  annual_revenue numeric,
  headcount_growth_twelve_months numeric,
  founded_year integer,
  country text,
  city text,
  technologies jsonb,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint apollo_organizations_raw_pkey primary key (apollo_organization_id),
  constraint apollo_organizations_raw_id_is_present check (apollo_organization_id <> '')
);

comment on table public.apollo_organizations_raw is
  'Grain: one company at Apollo. Source: GET /organizations/enrich, and the sparser rows of POST /mixed_companies/search for companies that were never enriched. Both cost credits.';
comment on column public.apollo_organizations_raw.annual_revenue is 'US dollars.';
comment on column public.apollo_organizations_raw.headcount_growth_twelve_months is 'As Apollo gives it: per cent in its documents, a fraction in recorded answers.';

create table public.apollo_calls (
  id uuid not null,
  operation text not null,
  data_kind text not null,
  state text not null default 'intended',
  credits_reserved numeric not null,
  credits_consumed numeric,
  balance_before numeric,
  request_id text,
  answer jsonb,
  reason text,
  orchestrator_run_id text,
  intended_at timestamptz not null default now(),
  answered_at timestamptz,
  settled_at timestamptz,
  constraint apollo_calls_pkey primary key (id),
  constraint apollo_calls_state_is_known
    check (state in ('intended', 'answered', 'pending', 'settled', 'released', 'doubtful', 'lost')),
  constraint apollo_calls_settled_says_when check ((settled_at is null) = (state in ('intended', 'answered', 'pending', 'doubtful'))),
  constraint apollo_calls_credits_are_not_negative check (credits_reserved >= 0 and credits_consumed >= 0)
);

comment on table public.apollo_calls is
  'Every call to Apollo that may cost credits. Grain: one call. intended: written before it is sent. answered: the answer is saved, not yet read. pending: Apollo delivers the rest later (request_id). settled: what it cost and brought is in apollo_credit_ledger. released: it surely did not happen. doubtful: the answer never came and credits moved; nobody in it is asked about again until that is cleared up. lost: given up by a person, who may be asked about again.';
comment on column public.apollo_calls.credits_reserved is 'The most it can cost. Counts as spent while credits_consumed is NULL and it is not released.';
comment on column public.apollo_calls.balance_before is
  'Credits that the team had consumed in this cycle before the call, as far as we know: Apollo''s count when the run began, and what the run added. A lost answer is judged by it.';
comment on column public.apollo_calls.request_id is 'Apollo''s, under which a later result is asked for. Text, because it does not fit a number everywhere.';
comment on column public.apollo_calls.answer is 'As it came, saved before anything else is done with it.';

create index apollo_calls_by_day on public.apollo_calls (intended_at);
create index apollo_calls_open on public.apollo_calls (state) where settled_at is null;

create table public.apollo_credit_ledger (
  id bigint generated always as identity,
  call_id uuid not null,
  subject_kind text not null,
  subject_id text not null,
  data_kind text not null,
  search_name text,
  is_current boolean not null default true,
  outcome text,
  credits numeric,
  raw_json jsonb,
  settled_at timestamptz,
  constraint apollo_credit_ledger_pkey primary key (id),
  constraint apollo_credit_ledger_call_fkey foreign key (call_id) references public.apollo_calls (id),
  constraint apollo_credit_ledger_once_a_call unique (call_id, subject_id),
  constraint apollo_credit_ledger_subject_kind_is_known check (subject_kind in ('person', 'organization', 'page')),
  constraint apollo_credit_ledger_outcome_is_known check (outcome in (
    'matched_with_email', 'matched_without_email', 'no_match', 'matched_with_phone', 'matched_without_phone', 'found'
  )),
  constraint apollo_credit_ledger_settled_has_an_outcome check ((settled_at is null) = (outcome is null))
);

comment on table public.apollo_credit_ledger is
  'What was asked about for credits, and what came of it, misses as well, so that no miss is paid for twice. Grain: one person, company or page of one call. Who is to be asked about is written here before the call.';
comment on column public.apollo_credit_ledger.subject_id is 'Apollo''s id of a person, a company''s registrable domain, or a page of a search.';
comment on column public.apollo_credit_ledger.data_kind is 'email, phone, waterfall_email, waterfall_phone, organization, company_page.';
comment on column public.apollo_credit_ledger.is_current is
  'Whether it stands: of one subject and kind of data at most one row does, and while it does nothing is bought again.';
comment on column public.apollo_credit_ledger.outcome is 'NULL: no answer yet.';
comment on column public.apollo_credit_ledger.credits is 'Its share of what the call cost; NULL: no answer yet.';
comment on column public.apollo_credit_ledger.raw_json is 'What Apollo said of it; NULL: nothing, or no answer yet.';

create unique index apollo_credit_ledger_never_twice
  on public.apollo_credit_ledger (subject_kind, subject_id, data_kind) where is_current;
create index apollo_credit_ledger_settled on public.apollo_credit_ledger (settled_at, id) where raw_json is not null;
create index apollo_credit_ledger_search on public.apollo_credit_ledger (search_name);

create table public.apollo_usage (
  usage_date date not null,
  credits_limit numeric,
  credits_consumed numeric not null,
  credits_left numeric,
  cycle_started_at timestamptz,
  cycle_ends_at timestamptz,
  ledger_credits numeric not null,
  read_at timestamptz not null default now(),
  constraint apollo_usage_pkey primary key (usage_date)
);

comment on table public.apollo_usage is
  'Apollo''s own count of the team''s credits beside ours. Grain: one UTC day, as last read. Source: POST /usage_stats/credit_usage_stats, type lead_credit.';
comment on column public.apollo_usage.ledger_credits is
  'What our calls of this cycle cost or may have cost. More than credits_consumed: we count something that Apollo does not, or its cycle began anew. Less: others of the team spend from the same pool.';

alter table public.apollo_searches enable row level security;
alter table public.apollo_people_raw enable row level security;
alter table public.apollo_search_people enable row level security;
alter table public.apollo_organizations_raw enable row level security;
alter table public.apollo_calls enable row level security;
alter table public.apollo_credit_ledger enable row level security;
alter table public.apollo_usage enable row level security;

grant select, insert, update, delete on table
  public.apollo_searches, public.apollo_people_raw, public.apollo_search_people, public.apollo_organizations_raw,
  public.apollo_calls, public.apollo_credit_ledger, public.apollo_usage
  to service_role;

create function public.apply_searches(searches jsonb, source_files jsonb default null)
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with incoming as materialized (
    select given.search_name, given.kind, given.filters, given.is_active, given.people_per_day, given.interval_hours,
           given.lawful_basis, given.region, given.source_file
      from jsonb_populate_recordset(null::public.apollo_searches, searches) as given
  ), written as (
    insert into public.apollo_searches (
      search_name, kind, filters, is_active, people_per_day, interval_hours, lawful_basis, region, source_file
    )
    select incoming.*
      from incoming
     where not exists (
       select from public.apollo_searches as stored
        where stored.search_name = incoming.search_name
          and (stored.kind, stored.filters, stored.is_active, stored.people_per_day, stored.interval_hours,
               stored.lawful_basis, stored.region, stored.source_file)
              is not distinct from
              (incoming.kind, incoming.filters, incoming.is_active, incoming.people_per_day, incoming.interval_hours,
               incoming.lawful_basis, incoming.region, incoming.source_file)
     )
    on conflict (search_name) do update
      set kind = excluded.kind, filters = excluded.filters, is_active = excluded.is_active,
          people_per_day = excluded.people_per_day, interval_hours = excluded.interval_hours,
          lawful_basis = excluded.lawful_basis, region = excluded.region, source_file = excluded.source_file,
          updated_at = now()
    returning (xmax = 0) as is_new
  ), left_out as (
    -- A search that no file has any longer stops; what it found stays.
    update public.apollo_searches as stored
       set is_active = false, updated_at = now()
     where stored.is_active
       and (source_files is null or source_files ? stored.source_file)
       and stored.search_name not in (select incoming.search_name from incoming)
    returning stored.search_name
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new) + (select count(*) from left_out),
         (select count(*) from incoming) - count(*)
    from written
$function$;

comment on function public.apply_searches(jsonb, jsonb) is
  'Brings apollo_searches up to an array of searches; those that are missing in it are switched off: of those files, or all of them where source_files is NULL. Safe to run twice.';

create function public.searches_to_read(wanted_kind text, only_search text default null)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(
           jsonb_agg(
             to_jsonb(search) || jsonb_build_object('rows_before', good.rows_read, 'read_at', good.started_at)
             order by search.search_name
           ),
           '[]'
         )
    from public.apollo_searches as search
    left join lateral (
      select run.started_at, run.rows_read
        from public.sync_runs as run
       where run.table_name = case wanted_kind when 'people' then 'apollo_people_raw' else 'apollo_organizations_raw' end
         and run.scope = 'search:' || search.search_name and run.status = 'complete'
         -- Other filters are another search.
         and run.started_at > search.updated_at
       order by run.started_at desc
       limit 1
    ) as good on true
   where search.kind = wanted_kind
     and case
           when only_search is not null then search.search_name = only_search
           else search.is_active
                and (good.started_at is null or good.started_at <= now() - make_interval(hours => search.interval_hours))
         end
$function$;

comment on function public.searches_to_read(text, text) is
  'The active searches of a kind that are due: new, changed, or last read completely longer ago than interval_hours; or the one that is named, due or not. Each with the rows of its last complete read and when that began (NULL: none).';

create function public.note_people_found(found_by text, person_ids jsonb)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with noted as (
    insert into public.apollo_search_people (search_name, apollo_person_id)
    select distinct found_by, found.person_id
      from jsonb_array_elements_text(person_ids) as found (person_id)
     where not exists (
       select from public.apollo_search_people as known
        where known.search_name = found_by and known.apollo_person_id = found.person_id
     )
    on conflict do nothing
    returning 1
  )
  select count(*) from noted
$function$;

comment on function public.note_people_found(text, jsonb) is
  'Notes that a search found these people; answers how many it had not found before. Safe to run twice.';

create view public.apollo_people_waiting with (security_invoker = true) as
select distinct on (person.apollo_person_id)
       person.apollo_person_id,
       search.search_name,
       person.last_refreshed_at,
       bought.settled_at as bought_at
  from public.apollo_people_raw as person
  join public.apollo_search_people as found using (apollo_person_id)
  join public.apollo_searches as search on search.search_name = found.search_name and search.is_active
  left join public.apollo_credit_ledger as bought
    on bought.subject_kind = 'person' and bought.subject_id = person.apollo_person_id and bought.data_kind = 'email'
   and bought.is_current
 where person.has_email is not false
   and (bought.id is null or bought.settled_at < person.last_refreshed_at)
 order by person.apollo_person_id, found.found_at, search.search_name;

comment on view public.apollo_people_waiting is
  'People who are worth a credit. Grain: one person that an active search found, for whom Apollo has an address, and who was never asked about, or has changed at Apollo since.';
comment on column public.apollo_people_waiting.search_name is 'The search that found the person first; it bears the cost.';
comment on column public.apollo_people_waiting.bought_at is 'When the person was asked about last; NULL: never.';

create function public.people_to_enrich(
  wanted_kind text, most integer, only_search text default null, bought_before timestamptz default now()
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  with asked_today as (
    select ledger.search_name, count(*) as people
      from public.apollo_credit_ledger as ledger
      join public.apollo_calls as call on call.id = ledger.call_id
     where ledger.subject_kind = 'person'
       and call.intended_at >= date_trunc('day', now(), 'utc')
     group by ledger.search_name
  ), candidates as (
    select waiting.apollo_person_id, waiting.search_name, waiting.last_refreshed_at
      from public.apollo_people_waiting as waiting
     where wanted_kind = 'email' and (waiting.bought_at is null or waiting.bought_at < bought_before)
    union all
    -- Other kinds of data are for people whose address is known, or was looked for in vain.
    select ledger.subject_id, ledger.search_name, person.last_refreshed_at
      from public.apollo_credit_ledger as ledger
      left join public.apollo_people_raw as person on person.apollo_person_id = ledger.subject_id
     where wanted_kind <> 'email' and ledger.subject_kind = 'person' and ledger.data_kind = 'email' and ledger.is_current
       and ledger.outcome = case wanted_kind when 'waterfall_email' then 'matched_without_email' else 'matched_with_email' end
       and not exists (
         select from public.apollo_credit_ledger as same
          where same.subject_kind = 'person' and same.subject_id = ledger.subject_id
            and same.data_kind = wanted_kind and same.is_current
       )
  ), ranked as (
    select candidates.apollo_person_id, candidates.search_name,
           row_number() over (
             partition by candidates.search_name
             order by candidates.last_refreshed_at desc nulls last, candidates.apollo_person_id
           ) as place,
           search.people_per_day - coalesce(asked_today.people, 0) as room
      from candidates
      left join public.apollo_searches as search on search.search_name = candidates.search_name
      left join asked_today on asked_today.search_name is not distinct from candidates.search_name
     where only_search is null or candidates.search_name = only_search
  ), chosen as (
    -- In turn from each search, so that none uses up the budget alone.
    select ranked.apollo_person_id, ranked.search_name, ranked.place
      from ranked
     where ranked.room is null or ranked.place <= ranked.room
     order by ranked.place, ranked.search_name
     limit most
  )
  select coalesce(
           jsonb_agg(
             jsonb_build_object('subject_id', chosen.apollo_person_id, 'search_name', chosen.search_name)
             order by chosen.place, chosen.search_name
           ),
           '[]'
         )
    from chosen
$function$;

comment on function public.people_to_enrich(text, integer, text, timestamptz) is
  '[{"subject_id", "search_name"}]: whom to ask Apollo about next, within what each search may ask a day. Those who changed are asked about again only if last asked before bought_before.';

create function public.reserve_apollo_call(intent jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  this_call uuid := intent->>'call_id';
  credits_each numeric := intent->'credits_each';
  tightest record;
  reserved jsonb;
begin
  -- One reservation at a time: two that saw the same balance would both fit into it.
  perform pg_advisory_xact_lock(hashtextextended('apollo_calls', 0));

  select jsonb_agg(jsonb_build_object('subject_id', ledger.subject_id, 'search_name', ledger.search_name) order by ledger.id)
    into reserved
    from public.apollo_credit_ledger as ledger
   where ledger.call_id = this_call;
  if reserved is not null then
    return jsonb_build_object('subjects', reserved, 'exceeded', null);
  end if;

  select given.name, given.allowed - coalesce(sum(coalesce(call.credits_consumed, call.credits_reserved)), 0) as credits_left
    into tightest
    from (values
      ('run', (intent->'budgets'->>'run')::numeric),
      ('day', (intent->'budgets'->>'day')::numeric),
      ('month', (intent->'budgets'->>'month')::numeric)
    ) as given (name, allowed)
    left join public.apollo_calls as call
      on call.state <> 'released'
     and case given.name
           when 'run' then call.orchestrator_run_id = intent->>'run_id'
           when 'day' then call.intended_at >= date_trunc('day', now(), 'utc')
           else call.intended_at >= date_trunc('month', now(), 'utc')
         end
   where given.allowed is not null
   group by given.name, given.allowed
   order by 2
   limit 1;
  if tightest.credits_left < credits_each then
    return jsonb_build_object(
      'subjects', '[]'::jsonb, 'exceeded', tightest.name, 'credits_left', greatest(tightest.credits_left, 0)
    );
  end if;

  select coalesce(jsonb_agg(to_jsonb(wanted)), '[]')
    into reserved
    from (
      select given.subject_id, min(given.search_name) as search_name
        from rows from (jsonb_to_recordset(intent->'subjects') as (subject_id text, search_name text))
             with ordinality as given (subject_id, search_name, place)
       where not exists (
         select from public.apollo_credit_ledger as bought
          where bought.subject_kind = intent->>'subject_kind' and bought.subject_id = given.subject_id
            and bought.data_kind = intent->>'data_kind' and bought.is_current
            and (bought.settled_at is null or bought.settled_at >= (intent->>'bought_before')::timestamptz)
       )
       group by given.subject_id
       -- Those who come first are wanted most.
       order by min(given.place)
       limit floor(tightest.credits_left / credits_each)
    ) as wanted;
  if reserved = '[]' then
    return jsonb_build_object('subjects', reserved, 'exceeded', null);
  end if;

  insert into public.apollo_calls (id, operation, data_kind, credits_reserved, balance_before, orchestrator_run_id)
  values (
    this_call, intent->>'operation', intent->>'data_kind', credits_each * jsonb_array_length(reserved),
    (intent->>'balance_before')::numeric, intent->>'run_id'
  );
  update public.apollo_credit_ledger as bought
     set is_current = false
   where bought.subject_kind = intent->>'subject_kind' and bought.data_kind = intent->>'data_kind' and bought.is_current
     and bought.subject_id in (select given.subject_id from jsonb_to_recordset(reserved) as given (subject_id text));
  insert into public.apollo_credit_ledger (call_id, subject_kind, subject_id, data_kind, search_name)
  select this_call, intent->>'subject_kind', given.subject_id, intent->>'data_kind', given.search_name
    from jsonb_to_recordset(reserved) as given (subject_id text, search_name text);
  return jsonb_build_object('subjects', reserved, 'exceeded', null);
end;
$function$;

comment on function public.reserve_apollo_call(jsonb) is
  '{"call_id", "operation", "data_kind", "subject_kind", "subjects": [{"subject_id", "search_name"}], "credits_each", "budgets": {"run", "day", "month"}, "balance_before", "run_id", "bought_before"}: writes down a call before it is made, in one transaction. Answers {"subjects", "exceeded", "credits_left"}: those who may be asked about, without those already paid for and no more than the budgets have room for; exceeded names the budget that has none. A budget that is NULL sets no limit. Safe to run twice.';

create function public.save_apollo_answer(call_id uuid, answer jsonb)
returns void
language sql
security invoker
set search_path = ''
as $function$
  update public.apollo_calls as call
     set answer = save_apollo_answer.answer, state = 'answered', answered_at = now()
   where call.id = save_apollo_answer.call_id and call.state in ('intended', 'pending', 'doubtful')
$function$;

comment on function public.save_apollo_answer(uuid, jsonb) is
  'Keeps what was paid for, before anything is done with it. Safe to run twice.';

create function public.settle_apollo_call(result jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  settled public.apollo_calls;
  is_pending boolean := coalesce((result->'is_pending')::boolean, false);
begin
  update public.apollo_calls as call
     set state = case when is_pending then 'pending' else 'settled' end,
         credits_consumed = case when not is_pending then (result->>'credits_consumed')::numeric end,
         request_id = coalesce(result->>'request_id', call.request_id),
         reason = result->>'reason',
         settled_at = case when not is_pending then now() end
   where call.id = (result->>'call_id')::uuid and call.state in ('intended', 'answered', 'pending', 'doubtful')
  returning call.* into settled;
  if settled.id is null or is_pending then
    return;
  end if;

  -- What came back without being asked for was paid for all the same.
  insert into public.apollo_credit_ledger (call_id, subject_kind, subject_id, data_kind, search_name)
  select settled.id, first.subject_kind, given.subject_id, settled.data_kind, first.search_name
    from jsonb_to_recordset(result->'rows') as given (subject_id text)
    cross join lateral (
      select ledger.subject_kind, ledger.search_name
        from public.apollo_credit_ledger as ledger
       where ledger.call_id = settled.id
       order by ledger.id
       limit 1
    ) as first
  on conflict do nothing;

  update public.apollo_credit_ledger as ledger
     set outcome = given.outcome, credits = given.credits, raw_json = given.raw_json, settled_at = settled.settled_at
    from jsonb_to_recordset(result->'rows') as given (subject_id text, outcome text, credits numeric, raw_json jsonb)
   where ledger.call_id = settled.id and ledger.subject_id = given.subject_id;

  -- Of whom the result says nothing, nothing was bought.
  delete from public.apollo_credit_ledger as ledger where ledger.call_id = settled.id and ledger.settled_at is null;
end;
$function$;

comment on function public.settle_apollo_call(jsonb) is
  '{"call_id", "credits_consumed", "request_id", "is_pending", "reason", "rows": [{"subject_id", "outcome", "credits", "raw_json"}]}: what a call cost and brought, in one transaction. is_pending: the rest comes later, under request_id; otherwise those without a row may be asked about again. Safe to run twice.';

create function public.end_apollo_call(call_id uuid, end_state text, reason text)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  ended bigint;
  stood_before bigint[];
begin
  if end_state not in ('released', 'doubtful', 'lost') then
    raise exception 'end_apollo_call: % is no way to end a call', end_state using errcode = '22023';
  end if;
  update public.apollo_calls as call
     set state = end_state, reason = end_apollo_call.reason,
         settled_at = case when end_state <> 'doubtful' then now() end
   where call.id = end_apollo_call.call_id
     and call.state = any (case when end_state = 'lost' then '{doubtful}'::text[] else '{intended,doubtful}'::text[] end);
  get diagnostics ended = row_count;
  if ended > 0 and end_state = 'released' then
    -- Nothing was bought, so what was bought before stands again.
    select array_agg(earlier.id)
      into stood_before
      from (
        select max(older.id) as id
          from public.apollo_credit_ledger as ledger
          join public.apollo_credit_ledger as older
            on (older.subject_kind, older.subject_id, older.data_kind)
               = (ledger.subject_kind, ledger.subject_id, ledger.data_kind)
           and older.settled_at is not null
         where ledger.call_id = end_apollo_call.call_id
         group by ledger.id
      ) as earlier;
    delete from public.apollo_credit_ledger as ledger where ledger.call_id = end_apollo_call.call_id;
    update public.apollo_credit_ledger as earlier set is_current = true where earlier.id = any (stood_before);
  elsif ended > 0 and end_state = 'lost' then
    update public.apollo_credit_ledger as ledger
       set is_current = false
     where ledger.call_id = end_apollo_call.call_id and ledger.settled_at is null;
  end if;
  return ended;
end;
$function$;

comment on function public.end_apollo_call(uuid, text, text) is
  'Ends a call without an answer: released (it did not happen: nobody was asked about), doubtful (it may have been charged), lost (doubtful, and given up by a person: those in it may be asked about again; the credits stay spent). Answers 1, or 0 where it has ended already. Safe to run twice.';

create function public.open_apollo_calls(older_than_s double precision)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(
           jsonb_agg(
             to_jsonb(call) || jsonb_build_object(
               'subjects', (
                 select coalesce(jsonb_agg(ledger.subject_id order by ledger.id), '[]')
                   from public.apollo_credit_ledger as ledger
                  where ledger.call_id = call.id
               ),
               'consumed_since', (
                 -- What came later was charged at an unknown moment, and what was looked up cost an unknown sum.
                 select coalesce(sum(since.credits_consumed), 0)
                   from public.apollo_calls as since
                  where since.intended_at > call.intended_at and since.state = 'settled' and since.request_id is null
                    and not since.answer ? 'looked_up'
               )
             )
             order by call.intended_at
           ),
           '[]'
         )
    from public.apollo_calls as call
   where call.settled_at is null
     and (call.state <> 'intended' or call.intended_at < now() - make_interval(secs => older_than_s))
$function$;

comment on function public.open_apollo_calls(double precision) is
  'Calls that are not settled, oldest first, with whom they asked about and what our later calls consumed, those of other runs as well. One that is only intended counts when it is older than that: a younger one may still be under way.';

create function public.note_apollo_usage(usage jsonb)
returns void
language sql
security invoker
set search_path = ''
as $function$
  insert into public.apollo_usage (
    usage_date, credits_limit, credits_consumed, credits_left, cycle_started_at, cycle_ends_at, ledger_credits
  )
  select (now() at time zone 'utc')::date, given.credits_limit, given.credits_consumed, given.credits_left,
         given.cycle_started_at, given.cycle_ends_at,
         (
           select coalesce(sum(coalesce(call.credits_consumed, call.credits_reserved)), 0)
             from public.apollo_calls as call
            where call.state <> 'released'
              and call.intended_at >= coalesce(given.cycle_started_at, date_trunc('month', now(), 'utc'))
         )
    from jsonb_populate_record(null::public.apollo_usage, usage) as given
  on conflict (usage_date) do update
    set credits_limit = excluded.credits_limit, credits_consumed = excluded.credits_consumed,
        credits_left = excluded.credits_left, cycle_started_at = excluded.cycle_started_at,
        cycle_ends_at = excluded.cycle_ends_at, ledger_credits = excluded.ledger_credits, read_at = now()
$function$;

comment on function public.note_apollo_usage(jsonb) is
  'Keeps Apollo''s own count of today beside ours. Safe to run twice.';

revoke execute on function
  public.apply_searches(jsonb, jsonb), public.searches_to_read(text, text), public.note_people_found(text, jsonb),
  public.people_to_enrich(text, integer, text, timestamptz), public.reserve_apollo_call(jsonb),
  public.save_apollo_answer(uuid, jsonb), public.settle_apollo_call(jsonb), public.end_apollo_call(uuid, text, text),
  public.open_apollo_calls(double precision), public.note_apollo_usage(jsonb)
  from public, anon, authenticated;
grant execute on function
  public.apply_searches(jsonb, jsonb), public.searches_to_read(text, text), public.note_people_found(text, jsonb),
  public.people_to_enrich(text, integer, text, timestamptz), public.reserve_apollo_call(jsonb),
  public.save_apollo_answer(uuid, jsonb), public.settle_apollo_call(jsonb), public.end_apollo_call(uuid, text, text),
  public.open_apollo_calls(double precision), public.note_apollo_usage(jsonb)
  to service_role;
grant select on public.apollo_people_waiting to service_role;

notify pgrst, 'reload schema';
