-- Who is written to, by which campaign, and how far that has come. A person is reserved here before the first call that
-- could reach them, and stays so until a look-up at Instantly says what became of it.

create table public.pause_switch (
  switch_name text not null default 'effects',
  is_paused boolean not null default false,
  reason text not null default '',
  changed_at timestamptz not null default now(),
  constraint pause_switch_pkey primary key (switch_name),
  constraint pause_switch_is_one check (switch_name = 'effects'),
  constraint pause_switch_says_why check (not is_paused or reason <> '')
);

comment on table public.pause_switch is
  'One row. While is_paused, nothing that could reach a person is done; it is read before each such effect. OUTREACH_PAUSED does the same for one machine.';

insert into public.pause_switch default values;

create table public.launches (
  launch_id uuid not null default gen_random_uuid(),
  campaign_name text not null,
  state text not null default 'open',
  spec_digest text not null,
  copy_digest text not null,
  people_limit integer,
  activates boolean not null,
  funnel jsonb not null default '[]',
  outcome text not null default '',
  orchestrator_run_id text,
  started_at timestamptz not null default now(),
  selected_at timestamptz,
  ended_at timestamptz,
  constraint launches_pkey primary key (launch_id),
  constraint launches_campaign_fkey foreign key (campaign_name) references public.campaign_files (campaign_name),
  constraint launches_state_is_known check (state in ('open', 'done', 'abandoned')),
  constraint launches_limit_is_positive check (people_limit > 0),
  constraint launches_ended_says_when check ((ended_at is null) = (state = 'open'))
);

comment on table public.launches is
  'Each time a campaign was launched. Grain: one launch, from its first step to its end, over as many runs as that takes: starting a campaign again continues the launch that is open.';
comment on column public.launches.spec_digest is 'Of the campaign file as it was when the launch began.';
comment on column public.launches.copy_digest is 'Of what a recipient sees; the launch is not continued with another.';
comment on column public.launches.people_limit is 'People reserved by it, at most; NULL: as many as the campaign has room for.';
comment on column public.launches.activates is 'Whether any run of it was asked to set the campaign sending; for the record, because each run goes by what it was asked for itself.';
comment on column public.launches.funnel is
  '[{"rule", "people"}] in the order of the rules: how many each one left out, and at last how many were chosen.';
comment on column public.launches.outcome is 'How it stands, in a sentence.';
comment on column public.launches.selected_at is 'When its people were reserved; NULL: not yet. It happens once.';

create unique index launches_one_open_a_campaign on public.launches (campaign_name) where state = 'open';

create table public.launch_keys (
  launch_key text not null,
  launch_id uuid not null,
  created_at timestamptz not null default now(),
  constraint launch_keys_pkey primary key (launch_key),
  constraint launch_keys_launch_fkey foreign key (launch_id) references public.launches (launch_id)
);

comment on table public.launch_keys is
  'By what keys a launch was asked for: a run and its re-executions, a request. Grain: one key. A key that comes again finds its launch, also one that has ended.';

create table public.campaign_creations (
  campaign_name text not null,
  marker text not null,
  instantly_campaign_id text,
  claim_id uuid,
  claimed_at timestamptz,
  asked_at timestamptz,
  created_at timestamptz,
  constraint campaign_creations_pkey primary key (campaign_name),
  constraint campaign_creations_marker_key unique (marker),
  constraint campaign_creations_instantly_key unique (instantly_campaign_id),
  constraint campaign_creations_claim_says_when check ((claim_id is null) = (claimed_at is null)),
  constraint campaign_creations_asked_under_a_claim check (asked_at is null or claim_id is not null),
  constraint campaign_creations_campaign_fkey foreign key (campaign_name) references public.campaign_files (campaign_name)
);

comment on table public.campaign_creations is
  'The one campaign at Instantly that each campaign file has, written down before it is made. Grain: one campaign file.';
comment on column public.campaign_creations.marker is 'Stands in the name of the campaign at Instantly, so that it is found there.';
comment on column public.campaign_creations.instantly_campaign_id is 'NULL: there is none, as far as we know.';
comment on column public.campaign_creations.claim_id is 'Of the one who may ask Instantly to make it, or did; NULL: nobody.';
comment on column public.campaign_creations.asked_at is
  'When Instantly was last asked to make it, without a clear answer since; NULL: no such request can be under way.';

create table public.campaign_leads (
  campaign_lead_id uuid not null default gen_random_uuid(),
  launch_id uuid not null,
  campaign_name text not null,
  lead_id uuid not null,
  match_key text not null,
  email text not null,
  company_key text not null,
  mail_domain text not null,
  rank integer not null,
  state text not null default 'reserved',
  reason text not null default '',
  copy_digest text not null,
  payload jsonb,
  payload_digest text not null default '',
  upload_id uuid,
  instantly_lead_id text,
  reserved_at timestamptz not null default now(),
  state_since timestamptz not null default now(),
  constraint campaign_leads_pkey primary key (campaign_lead_id),
  constraint campaign_leads_launch_fkey foreign key (launch_id) references public.launches (launch_id),
  constraint campaign_leads_lead_fkey foreign key (lead_id) references public.leads (lead_id),
  constraint campaign_leads_keys_are_not_blank check (match_key <> '' and email <> '' and company_key <> '' and mail_domain <> ''),
  constraint campaign_leads_state_is_known check (state in (
    'reserved', 'uploading', 'uploaded', 'active', 'finished', 'unknown', 'released'
  )),
  constraint campaign_leads_released_says_why check (state not in ('released', 'unknown', 'finished') or reason <> ''),
  constraint campaign_leads_payload_has_its_digest check ((payload is null) = (payload_digest = '')),
  constraint campaign_leads_sent_what_is_written check (state in ('reserved', 'released') or payload is not null),
  constraint campaign_leads_uploaded_has_its_id check (state not in ('uploaded', 'active') or instantly_lead_id is not null)
);

comment on table public.campaign_leads is
  'The contact ledger. Grain: one person in one campaign; a person who was released can come again, in a row of its own. reserved: chosen, and Instantly was not told. uploading: Instantly was asked, and the answer is not here. uploaded: Instantly holds the person. active: and their campaign sends. finished: it will not write to them again. unknown: nobody can say; a look-up has to. released: not in the campaign, and never was.';
comment on column public.campaign_leads.match_key is 'Of the address, as in leads: two spellings of one mailbox have one.';
comment on column public.campaign_leads.email is 'The spelling that is written to.';
comment on column public.campaign_leads.company_key is
  'What the cap of a company counts by: the employer''s domain, else that of the address, else the person.';
comment on column public.campaign_leads.rank is 'Place in the order in which the launch chose, from 1.';
comment on column public.campaign_leads.reason is 'Why it is released, unknown or finished; else empty.';
comment on column public.campaign_leads.copy_digest is 'Of what the campaign said when the person was reserved.';
comment on column public.campaign_leads.payload is 'What is sent to Instantly for the person, byte for byte the same at each try; NULL: not made yet.';
comment on column public.campaign_leads.upload_id is 'The request that last carried the person; NULL: none yet.';

-- What the whole project rests on: one live row a person.
create unique index campaign_leads_one_campaign_a_person on public.campaign_leads (match_key) where state <> 'released';
create unique index campaign_leads_instantly_lead on public.campaign_leads (instantly_lead_id) where instantly_lead_id is not null;
create index campaign_leads_of_launch on public.campaign_leads (launch_id, state, rank);
create index campaign_leads_of_campaign on public.campaign_leads (campaign_name, state);
create index campaign_leads_of_upload on public.campaign_leads (upload_id) where state = 'uploading';
create index campaign_leads_of_lead on public.campaign_leads (lead_id);

alter table public.pause_switch enable row level security;
alter table public.launches enable row level security;
alter table public.launch_keys enable row level security;
alter table public.campaign_creations enable row level security;
alter table public.campaign_leads enable row level security;
grant select, insert, update, delete on table
  public.pause_switch, public.launches, public.launch_keys, public.campaign_creations, public.campaign_leads
  to service_role;

create function private.check_ledger_step()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $function$
begin
  if tg_op = 'DELETE' then
    raise exception 'a row of campaign_leads is never deleted: whoever was reserved stays on record';
  end if;
  if old.state <> new.state then
    if not (case old.state
              -- Uploaded straight away: the answer to an upload that was taken for lost came after all.
              when 'reserved' then new.state in ('uploading', 'uploaded', 'released')
              -- Back to reserved: a look-up found the person nowhere, so the same request may be made again.
              when 'uploading' then new.state in ('reserved', 'uploaded', 'unknown', 'released')
              when 'unknown' then new.state in ('reserved', 'uploaded', 'released')
              when 'uploaded' then new.state in ('active', 'finished')
              when 'active' then new.state = 'finished'
              else false
            end) then
      raise exception 'campaign_leads cannot go from % to %', old.state, new.state;
    end if;
    new.state_since := now();
  end if;
  if (old.match_key, old.email, old.campaign_name, old.lead_id) is distinct from (new.match_key, new.email, new.campaign_name, new.lead_id) then
    raise exception 'who a row of campaign_leads speaks of cannot change';
  end if;
  if old.payload is not null and old.payload is distinct from new.payload then
    raise exception 'what a row of campaign_leads was sent with cannot change';
  end if;
  return new;
end;
$function$;

comment on function private.check_ledger_step() is
  'As a trigger: refuses steps that the contact ledger does not know, and any change of whom a row speaks of.';

create trigger campaign_leads_check_step
  before update or delete on public.campaign_leads
  for each row execute function private.check_ledger_step();

create function public.set_pause(why text)
returns boolean
language sql
security invoker
set search_path = ''
as $function$
  insert into public.pause_switch as switch (switch_name, is_paused, reason)
  values ('effects', why is not null, coalesce(why, ''))
  on conflict (switch_name) do update
    set is_paused = excluded.is_paused,
        reason = excluded.reason,
        changed_at = case when switch.is_paused = excluded.is_paused then switch.changed_at else now() end
  returning switch.is_paused
$function$;

comment on function public.set_pause(text) is 'Turns the pause switch on for a reason, or with NULL off. Safe to run twice.';

create function public.begin_launch(request jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  wanted_campaign text := request->>'campaign_name';
  launch public.launches;
  is_new boolean := false;
begin
  -- One at a time for each campaign: two that both saw none open would both open one.
  perform from public.campaign_files as file where file.campaign_name = wanted_campaign for update;
  if not found then
    return jsonb_build_object('refused', 'unknown_campaign');
  end if;

  select known.* into launch
    from public.launch_keys as key
    join public.launches as known using (launch_id)
   where key.launch_key = request->>'launch_key';
  if not found then
    select known.* into launch
      from public.launches as known
     where known.campaign_name = wanted_campaign and known.state = 'open';
  end if;
  if launch.launch_id is null then
    insert into public.launches (campaign_name, spec_digest, copy_digest, people_limit, activates, orchestrator_run_id)
    values (
      wanted_campaign, request->>'spec_digest', request->>'copy_digest', (request->>'people_limit')::integer,
      (request->>'activates')::boolean, request->>'run_id'
    )
    returning * into launch;
    is_new := true;
  elsif launch.campaign_name <> wanted_campaign then
    return jsonb_build_object('refused', 'key_of_another_campaign', 'campaign_name', launch.campaign_name);
  elsif launch.state = 'open' and launch.copy_digest <> request->>'copy_digest' then
    return jsonb_build_object('refused', 'other_copy', 'launch_id', launch.launch_id, 'started_at', launch.started_at);
  elsif launch.state = 'open' and (request->>'activates')::boolean and not launch.activates then
    update public.launches as open set activates = true where open.launch_id = launch.launch_id returning open.* into launch;
  end if;
  insert into public.launch_keys (launch_key, launch_id) values (request->>'launch_key', launch.launch_id)
  on conflict (launch_key) do nothing;
  return to_jsonb(launch) || jsonb_build_object('is_new', is_new);
end;
$function$;

comment on function public.begin_launch(jsonb) is
  '{"campaign_name", "launch_key", "spec_digest", "copy_digest", "people_limit", "activates", "run_id"}: the launch of that key, or the one of the campaign that is open, or a new one, with is_new. That somebody asks for the campaign to be set sending is noted with an open one. {"refused"}: unknown_campaign, key_of_another_campaign, other_copy. Safe to run twice.';

create function public.end_launch(wanted_launch uuid, end_state text, end_outcome text)
returns void
language sql
security invoker
set search_path = ''
as $function$
  update public.launches as launch
     set state = end_state,
         outcome = end_outcome,
         ended_at = case when end_state <> 'open' then now() end
   where launch.launch_id = wanted_launch and launch.state = 'open'
$function$;

comment on function public.end_launch(uuid, text, text) is
  'Notes how an open launch stands: done, abandoned, or still open and why. One that has ended stays as it is.';

create function public.claim_campaign_creation(
  wanted_campaign text, wanted_marker text, this_claim uuid, settle_s double precision
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  creation public.campaign_creations;
  wait_s double precision;
begin
  -- Of two at once the second may meet either key.
  insert into public.campaign_creations (campaign_name, marker) values (wanted_campaign, wanted_marker)
  on conflict do nothing;
  select known.* into creation
    from public.campaign_creations as known
   where known.campaign_name = wanted_campaign
     for update;
  if creation.instantly_campaign_id is not null then
    return jsonb_build_object('state', 'created', 'marker', creation.marker, 'instantly_campaign_id', creation.instantly_campaign_id);
  end if;
  -- clock_timestamp(), because the row may have been waited for.
  wait_s := extract(epoch from case
    when creation.asked_at is not null then creation.asked_at + make_interval(secs => settle_s)
    -- Whoever has not asked yet cannot any more, once the claim is another's.
    else creation.claimed_at + make_interval(secs => least(settle_s, 30))
  end - clock_timestamp());
  if creation.claim_id <> this_claim and wait_s > 0 then
    return jsonb_build_object('state', 'wait', 'marker', creation.marker, 'wait_s', wait_s);
  elsif creation.claim_id is distinct from this_claim then
    update public.campaign_creations as known
       set claim_id = this_claim, claimed_at = clock_timestamp(), asked_at = null
     where known.campaign_name = wanted_campaign;
  end if;
  return jsonb_build_object('state', 'create', 'marker', creation.marker);
end;
$function$;

comment on function public.claim_campaign_creation(text, text, uuid, double precision) is
  'Who may ask Instantly to make the campaign: {"state": "created", "instantly_campaign_id"}, or "create" for one claim, which has to look for it first; or "wait" and wait_s, while another claim is looking, or its request could still take effect. Safe to run twice.';

create function public.ask_for_campaign(wanted_campaign text, this_claim uuid)
returns boolean
language sql
security invoker
set search_path = ''
as $function$
  with asked as (
    update public.campaign_creations as known
       set asked_at = clock_timestamp()
     where known.campaign_name = wanted_campaign and known.claim_id = this_claim
    returning known.campaign_name
  )
  select exists (select from asked)
$function$;

comment on function public.ask_for_campaign(text, uuid) is
  'Notes that Instantly is asked for the campaign now; false: the claim was lost to another, so that it must not be. Safe to run twice.';

create function public.settle_campaign_creation(wanted_campaign text, campaign_id text, this_claim uuid)
returns text
language sql
security invoker
set search_path = ''
as $function$
  update public.campaign_creations as known
     set instantly_campaign_id = coalesce(known.instantly_campaign_id, campaign_id),
         created_at = case when campaign_id is not null then coalesce(known.created_at, now()) else known.created_at end,
         -- That nothing came of one request says nothing of another one that is under way.
         claim_id = case when campaign_id is null and known.claim_id <> this_claim then known.claim_id end,
         claimed_at = case when campaign_id is null and known.claim_id <> this_claim then known.claimed_at end,
         asked_at = case when campaign_id is null and known.claim_id <> this_claim then known.asked_at end
   where known.campaign_name = wanted_campaign
  returning known.instantly_campaign_id
$function$;

comment on function public.settle_campaign_creation(text, text, uuid) is
  'Notes the campaign that Instantly made, or, with NULL, that it certainly made none for this claim. The first one that is noted stays, and is answered. Safe to run twice.';

create function public.forget_campaign(wanted_campaign text, gone_id text)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with forgotten as (
    update public.campaign_creations as known
       set instantly_campaign_id = null, created_at = null
     where known.campaign_name = wanted_campaign and known.instantly_campaign_id = gone_id
    returning known.campaign_name
  ), finished as (
    update public.campaign_leads as entry
       set state = 'finished', reason = 'removed_at_instantly'
      from forgotten
     where entry.campaign_name = forgotten.campaign_name and entry.state in ('uploaded', 'active')
    returning entry.campaign_lead_id
  )
  select count(*) from finished
$function$;

comment on function public.forget_campaign(text, text) is
  'Notes that somebody deleted the campaign at Instantly, so that another one may be made; how many people it held. They stay in the contact ledger, and are not written to again. Safe to run twice.';

create function public.people_to_prepare(wanted_launch uuid, after_rank integer, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(person) order by person.rank), '[]')
    from (
      select entry.rank, entry.campaign_lead_id, entry.email, lead.lead_id, lead.first_name, lead.last_name,
             lead.job_title, lead.city, lead.country, lead.company_domain,
             coalesce(company.company_name, lead.company_name) as company_name, company.industry,
             company.employees_count, company.founded_year, company.technologies,
             written.line as icebreaker_line, written.source as icebreaker_source
        from public.campaign_leads as entry
        join public.leads as lead using (lead_id)
        left join public.companies as company on company.domain = lead.company_domain
        left join public.icebreakers as written on written.lead_id = lead.lead_id
       where entry.launch_id = wanted_launch and entry.state = 'reserved' and entry.payload is null
         and entry.rank > coalesce(after_rank, 0)
       order by entry.rank
       limit most
    ) as person
$function$;

comment on function public.people_to_prepare(uuid, integer, integer) is
  'Reserved people of a launch for whom nothing is written yet that could be sent; a page at a time by rank.';

create function public.prepare_people(rows jsonb)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with prepared as (
    update public.campaign_leads as entry
       set payload = given.payload, payload_digest = encode(sha256(convert_to(given.payload::text, 'utf8')), 'hex')
      from jsonb_to_recordset(rows) as given (campaign_lead_id uuid, payload jsonb)
     where entry.campaign_lead_id = given.campaign_lead_id and entry.state = 'reserved' and entry.payload is null
    returning entry.campaign_lead_id
  )
  select count(*) from prepared
$function$;

comment on function public.prepare_people(jsonb) is
  '[{"campaign_lead_id", "payload"}]: what is to be sent for each. One that is written already stays. Safe to run twice.';

create function public.has_people_to_upload(wanted_campaign text)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $function$
  select exists (
    select from public.campaign_leads as entry
     where entry.campaign_name = wanted_campaign
       and (entry.state in ('uploading', 'unknown') or (entry.state = 'reserved' and entry.payload is not null))
  )
$function$;

comment on function public.has_people_to_upload(text) is
  'Whether a campaign has anybody whom Instantly does not hold yet, or may not hold.';

create function public.doubtful_people(wanted_campaign text, after_id uuid, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(person) order by person.campaign_lead_id), '[]')
    from (
      select entry.campaign_lead_id, entry.email, entry.state, entry.upload_id
        from public.campaign_leads as entry
       where entry.campaign_name = wanted_campaign
         -- Reserved again: a look-up found them nowhere, and the request that carried them may have had its effect since.
         and (entry.state in ('uploading', 'unknown') or (entry.state = 'reserved' and entry.upload_id is not null))
         and (after_id is null or entry.campaign_lead_id > after_id)
       order by entry.campaign_lead_id
       limit most
    ) as person
$function$;

comment on function public.doubtful_people(text, uuid, integer) is
  'People of a campaign of whom we do not know whether Instantly holds them; a page at a time.';

create function public.settle_people(rows jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $function$
  with settled as (
    update public.campaign_leads as entry
       set state = given.state, reason = coalesce(given.reason, ''), instantly_lead_id = given.instantly_lead_id
      from jsonb_to_recordset(rows) as given (campaign_lead_id uuid, state text, reason text, instantly_lead_id text)
     where entry.campaign_lead_id = given.campaign_lead_id
       and entry.state in ('reserved', 'uploading', 'unknown') and entry.state <> given.state
    returning entry.state
  )
  select coalesce(jsonb_object_agg(counted.state, counted.people), '{}')
    from (select settled.state, count(*) as people from settled group by settled.state) as counted
$function$;

comment on function public.settle_people(jsonb) is
  '[{"campaign_lead_id", "state", "reason", "instantly_lead_id"}]: what became of people whom Instantly may hold; answers how many came into each state. Who is uploaded, active, finished or released already stays. Safe to run twice.';

create function public.activate_people(wanted_campaign text)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with activated as (
    update public.campaign_leads as entry
       set state = 'active'
     where entry.campaign_name = wanted_campaign and entry.state = 'uploaded'
    returning entry.campaign_lead_id
  )
  select count(*) from activated
$function$;

comment on function public.activate_people(text) is
  'Notes that the campaign of these people sends. Safe to run twice.';

create function public.uploaded_but_suppressed(wanted_campaign text, after_id uuid, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(person) order by person.campaign_lead_id), '[]')
    from (
      select distinct entry.campaign_lead_id, entry.lead_id, entry.email, entry.instantly_lead_id,
             creation.instantly_campaign_id
        from public.campaign_leads as entry
        join public.campaign_creations as creation using (campaign_name)
        join public.suppressed_leads as stop on stop.lead_id = entry.lead_id
       where entry.campaign_name = wanted_campaign and entry.state in ('uploaded', 'active')
         -- That nobody has looked yet keeps people out, and takes nobody out.
         and stop.reason not in ('address_not_described', 'erasure_not_checked')
         -- As in suppressed_at_instantly: an answer within this very campaign is known there, and the conversation stays.
         and not (
           stop.reason = 'replied'
           and (
             stop.source_key = 'lead:' || entry.instantly_lead_id
             or exists (
               select from public.instantly_emails_raw as mail
                where stop.source_key = 'email:' || mail.instantly_email_id
                  and mail.lead_email = entry.email
                  and mail.instantly_campaign_id = creation.instantly_campaign_id
             )
           )
         )
         and (after_id is null or entry.campaign_lead_id > after_id)
       order by entry.campaign_lead_id
       limit most
    ) as person
$function$;

comment on function public.uploaded_but_suppressed(text, uuid, integer) is
  'People of a campaign whom Instantly holds and who must not be contacted (any more); a page at a time. A reply within the same campaign is left to it.';

create function public.finish_people(rows jsonb)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with finished as (
    update public.campaign_leads as entry
       set state = 'finished', reason = given.reason
      from jsonb_to_recordset(rows) as given (campaign_lead_id uuid, reason text)
     where entry.campaign_lead_id = given.campaign_lead_id and entry.state in ('uploaded', 'active')
    returning entry.campaign_lead_id
  )
  select count(*) from finished
$function$;

comment on function public.finish_people(jsonb) is
  '[{"campaign_lead_id", "reason"}]: people whom their campaign will not write to again. Safe to run twice.';

create function public.sample_of_people(wanted_campaign text, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(person)), '[]')
    from (
      select entry.email, entry.payload, entry.instantly_lead_id
        from public.campaign_leads as entry
       where entry.campaign_name = wanted_campaign and entry.state = 'uploaded'
       order by entry.campaign_lead_id
       limit most
    ) as person
$function$;

comment on function public.sample_of_people(text, integer) is
  'Some people whom Instantly holds and who are not written to yet, with what was sent for them.';

create function public.people_of_launch(wanted_launch uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_object_agg(counted.state, counted.people), '{}')
    from (
      select case when entry.state in ('released', 'unknown') then entry.state || ': ' || entry.reason else entry.state end as state,
             count(*) as people
        from public.campaign_leads as entry
       where entry.launch_id = wanted_launch
       group by 1
    ) as counted
$function$;

comment on function public.people_of_launch(uuid) is
  '{state: people} of a launch; released and unknown ones by their reason.';

create function private.may_be_on_the_way(upload_id uuid, state_since timestamptz)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $function$
  select upload_id is not null and state_since > now() - interval '10 minutes'
$function$;

comment on function private.may_be_on_the_way(uuid, timestamptz) is
  'Of somebody reserved: whether a request that carried them, and whose answer was lost, may still take effect.';

create function public.abandon_launch(wanted_launch uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  doubtful bigint;
  freed bigint;
begin
  perform from public.launches as launch where launch.launch_id = wanted_launch for update;
  select count(*) into doubtful
    from public.campaign_leads as entry
   where entry.launch_id = wanted_launch
     and (
       entry.state in ('uploading', 'unknown')
       or (entry.state = 'reserved' and private.may_be_on_the_way(entry.upload_id, entry.state_since))
     );
  if doubtful > 0 then
    return jsonb_build_object('doubtful', doubtful, 'released', 0);
  end if;
  update public.campaign_leads as entry
     set state = 'released', reason = 'abandoned'
   where entry.launch_id = wanted_launch and entry.state = 'reserved';
  get diagnostics freed = row_count;
  perform public.end_launch(wanted_launch, 'abandoned', freed || ' reserved people released, of whom Instantly was never told');
  return jsonb_build_object('doubtful', 0, 'released', freed);
end;
$function$;

comment on function public.abandon_launch(uuid) is
  'Ends an open launch and releases those of its people of whom Instantly was never told. While somebody is doubtful it does nothing, and says of how many: a look-up comes first.';

create function public.refresh_campaign_leads()
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with automatic as materialized (
    -- As stops_of_instantly reads them: Instantly counts them as replies, and goes on writing.
    select coalesce(mail.lead_email, lower(btrim(mail.raw_json->>'from_address_email'))) as email,
           mail.instantly_campaign_id, count(*) as replies
      from public.instantly_emails_raw as mail
     where mail.email_type = 2 and (mail.is_auto_reply or mail.interest_status = 0)
     group by 1, 2
  ), seen as materialized (
    select entry.campaign_lead_id, entry.state, raw.instantly_lead_id is not null as is_known,
           raw.deleted_at is not null as is_deleted, raw.lead_status, raw.interest_status,
           raw.email_reply_count > coalesce(automatic.replies, 0) as has_human_reply,
           campaign.status as campaign_status
      from public.campaign_leads as entry
      join public.campaign_creations as creation using (campaign_name)
      left join public.campaigns as campaign on campaign.instantly_campaign_id = creation.instantly_campaign_id
      left join public.instantly_leads_raw as raw on raw.instantly_lead_id = entry.instantly_lead_id
      left join automatic on automatic.email = raw.email and automatic.instantly_campaign_id = raw.instantly_campaign_id
     where entry.state in ('uploaded', 'active')
  ), judged as (
    select seen.campaign_lead_id, seen.state,
           case
             when not seen.is_known then null
             when seen.is_deleted then 'removed_at_instantly'
             when seen.lead_status = -1 then 'bounced'
             when seen.lead_status = -2 then 'unsubscribed'
             when seen.lead_status = -3 then 'skipped'
             when seen.has_human_reply and seen.interest_status is distinct from 0 then 'replied'
             when seen.lead_status = 3 then 'completed'
           end as end_reason,
           seen.campaign_status in ('active', 'running_subsequences') as is_sending
      from seen
  ), written as (
    update public.campaign_leads as entry
       set state = case when judged.end_reason is not null then 'finished' else 'active' end,
           reason = coalesce(judged.end_reason, '')
      from judged
     where judged.campaign_lead_id = entry.campaign_lead_id
       and (judged.end_reason is not null or (judged.state = 'uploaded' and judged.is_sending))
    returning entry.campaign_lead_id
  )
  select 0::bigint, count(*), (select count(*) from seen) - count(*) from written
$function$;

comment on function public.refresh_campaign_leads() is
  'Brings the contact ledger up to what was read from Instantly: who is written to now, and who will not be again, and why. Nobody leaves it. Safe to run twice.';

drop function public.leads_to_introduce(text, text, integer, uuid, integer);
create function public.leads_to_introduce(
  wanted_prompt text, wanted_model text, least_score integer, after_id uuid, most integer, only_launch uuid default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(candidate) order by candidate.lead_id), '[]')
    from (
      select lead.lead_id, lead.first_name, lead.job_title, lead.seniority, lead.country, lead.city,
             coalesce(company.company_name, lead.company_name) as company_name,
             company.industry, company.employees_count, company.annual_revenue, company.headcount_growth_twelve_months,
             company.founded_year, company.technologies, company.country as company_country, company.city as company_city,
             organization.raw_json->>'short_description' as description,
             organization.raw_json->'keywords' as keywords,
             coalesce(lead.search_name, lead.source) as audience,
             written.facts_digest as written_digest,
             coalesce(written.prompt_version = wanted_prompt and written.model = wanted_model, false) as written_by_this
        from public.leads as lead
        left join public.companies as company on company.domain = lead.company_domain
        left join public.apollo_organizations_raw as organization
          on organization.apollo_organization_id = company.apollo_organization_id
        left join public.lead_scores as score using (lead_id)
        left join public.icebreakers as written using (lead_id)
       where (after_id is null or lead.lead_id > after_id)
         and (only_launch is null or lead.lead_id in (
           select entry.lead_id from public.campaign_leads as entry
            where entry.launch_id = only_launch and entry.state = 'reserved'
         ))
         -- Only for people whom we may and can write to for the first time.
         and lead.status = 'new' and lead.lawful_basis is not null
         and lead.is_role_address is false and lead.is_disposable is false
         and coalesce(lead.email_status, 'verified') = 'verified'
         and coalesce(score.score, 0) >= least_score
         and (written.lead_id is null
              or written.prompt_version <> wanted_prompt or written.model <> wanted_model
              or written.facts_as_of < greatest(lead.updated_at, company.updated_at))
       order by lead.lead_id
       limit most
    ) as candidate
$function$;

comment on function public.leads_to_introduce(text, text, integer, uuid, integer, uuid) is
  'Leads that may get a line and have none by this prompt and model, or of whom something changed since; with what is known of them, a page at a time by lead_id. With only_launch: of those whom that launch has reserved.';

revoke execute on function
  private.check_ledger_step(), private.may_be_on_the_way(uuid, timestamptz), public.set_pause(text),
  public.begin_launch(jsonb), public.end_launch(uuid, text, text),
  public.claim_campaign_creation(text, text, uuid, double precision), public.ask_for_campaign(text, uuid),
  public.settle_campaign_creation(text, text, uuid),
  public.forget_campaign(text, text), public.people_to_prepare(uuid, integer, integer), public.prepare_people(jsonb),
  public.has_people_to_upload(text), public.doubtful_people(text, uuid, integer), public.settle_people(jsonb), public.activate_people(text),
  public.uploaded_but_suppressed(text, uuid, integer), public.finish_people(jsonb), public.people_of_launch(uuid),
  public.sample_of_people(text, integer),
  public.abandon_launch(uuid), public.refresh_campaign_leads(),
  public.leads_to_introduce(text, text, integer, uuid, integer, uuid)
  from public, anon, authenticated;
grant execute on function
  private.check_ledger_step(), private.may_be_on_the_way(uuid, timestamptz), public.set_pause(text),
  public.begin_launch(jsonb), public.end_launch(uuid, text, text),
  public.claim_campaign_creation(text, text, uuid, double precision), public.ask_for_campaign(text, uuid),
  public.settle_campaign_creation(text, text, uuid),
  public.forget_campaign(text, text), public.people_to_prepare(uuid, integer, integer), public.prepare_people(jsonb),
  public.has_people_to_upload(text), public.doubtful_people(text, uuid, integer), public.settle_people(jsonb), public.activate_people(text),
  public.uploaded_but_suppressed(text, uuid, integer), public.finish_people(jsonb), public.people_of_launch(uuid),
  public.sample_of_people(text, integer),
  public.abandon_launch(uuid), public.refresh_campaign_leads(),
  public.leads_to_introduce(text, text, integer, uuid, integer, uuid)
  to service_role;

notify pgrst, 'reload schema';
