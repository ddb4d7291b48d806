-- Runs that people ask for over HTTP: a row is a request, and a sensor starts the run.

create table public.run_requests (
  request_id uuid not null default gen_random_uuid(),
  job_name text not null,
  campaign_name text not null default '',
  people_limit integer,
  activates boolean not null default false,
  is_dry_run boolean not null default true,
  requested_by uuid,
  state text not null default 'asked',
  run_id text not null default '',
  reason text not null default '',
  requested_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint run_requests_pkey primary key (request_id),
  constraint run_requests_job_is_known check (job_name in (
    'campaign_launch', 'refresh_and_launch', 'instantly_sync', 'lead_pipeline', 'suppression_sweep'
  )),
  constraint run_requests_launch_names_its_campaign
    check ((job_name in ('campaign_launch', 'refresh_and_launch')) = (campaign_name <> '')),
  constraint run_requests_limit_is_positive check (people_limit > 0),
  constraint run_requests_state_is_known check (state in ('asked', 'started', 'done', 'failed')),
  constraint run_requests_ended_says_when check ((ended_at is null) = (state in ('asked', 'started')))
);

comment on table public.run_requests is
  'Runs asked for from outside. Grain: one request, which starts one run at most: a launch is begun under the request''s key.';
comment on column public.run_requests.people_limit is 'Of a launch: people to add, at most; NULL: as many as the campaign has room for.';
comment on column public.run_requests.activates is 'Of a launch: whether its campaign is to be set sending.';
comment on column public.run_requests.is_dry_run is 'Of a launch: only say what would be done.';
comment on column public.run_requests.requested_by is 'Who of users asked; NULL: a program with the secret key.';
comment on column public.run_requests.run_id is 'The orchestrator''s; empty: not started yet.';
comment on column public.run_requests.reason is 'Why it failed; else empty.';

create index run_requests_open on public.run_requests (requested_at) where state in ('asked', 'started');

alter table public.run_requests enable row level security;
grant select, insert, update, delete on table public.run_requests to service_role;
-- People ask with their own token: for a job and its settings, in their own name, and see what became of it.
grant select on table public.run_requests to authenticated;
grant insert (job_name, campaign_name, people_limit, activates, is_dry_run, requested_by) on table public.run_requests to authenticated;

create policy run_requests_are_asked_by_operators on public.run_requests
  for insert to authenticated
  with check (
    requested_by = (select auth.uid())
    and exists (
      select from public.users as person
       where person.id = (select auth.uid()) and person.is_active and person.role in ('operator', 'admin')
    )
  );

create policy run_requests_are_seen_by_the_one_who_asked on public.run_requests
  for select to authenticated
  using (requested_by = (select auth.uid()));

create function public.note_run_request(wanted_request uuid, new_state text, of_run text, why text)
returns boolean
language sql
security invoker
set search_path = ''
as $function$
  with noted as (
    update public.run_requests as request
       set state = new_state,
           run_id = case when of_run <> '' then of_run else request.run_id end,
           reason = why,
           ended_at = case when new_state in ('done', 'failed') then now() end
     where request.request_id = wanted_request and request.state in ('asked', 'started')
    returning request.request_id
  )
  select exists (select from noted)
$function$;

comment on function public.note_run_request(uuid, text, text, text) is
  'Notes what became of a request; whether it was still open. One that has ended stays as it is. Safe to run twice.';

revoke execute on function public.note_run_request(uuid, text, text, text) from public, anon, authenticated;
grant execute on function public.note_run_request(uuid, text, text, text) to service_role;

notify pgrst, 'reload schema';
