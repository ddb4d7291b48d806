-- Icebreakers: what a model was asked and answered, paid for once; and the one line that each lead has.

create table public.icebreaker_answers (
  facts_digest text not null,
  prompt_version text not null,
  model text not null,
  attempt smallint not null,
  mode text not null,
  outcome text not null,
  line text,
  evidence text,
  input_tokens integer not null default 0,
  cached_tokens integer not null default 0,
  cache_write_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost_usd numeric not null default 0,
  raw_json jsonb,
  orchestrator_run_id text,
  answered_at timestamptz not null default now(),
  constraint icebreaker_answers_pkey primary key (facts_digest, prompt_version, model, attempt),
  constraint icebreaker_answers_attempt_is_one_or_two check (attempt in (1, 2)),
  constraint icebreaker_answers_mode_is_known check (mode in ('online', 'batch')),
  constraint icebreaker_answers_outcome_is_known
    check (outcome in ('ok', 'declined', 'refusal', 'incomplete', 'filtered', 'failed', 'malformed')),
  constraint icebreaker_answers_cost_is_not_negative check (cost_usd >= 0)
);

comment on table public.icebreaker_answers is
  'Every answer of a model that was paid for, saved before anything else is done with it. Grain: one try of one set of facts with one prompt and model. While a row is here nothing is asked again.';
comment on column public.icebreaker_answers.facts_digest is 'Of the facts that were sent, and the language that was asked for.';
comment on column public.icebreaker_answers.model is 'As asked for; the answer may name a dated version of it.';
comment on column public.icebreaker_answers.attempt is '2: asked once more, with the rules that the first line broke.';
comment on column public.icebreaker_answers.cost_usd is 'By the price table of the day, from the tokens that were counted; batches cost half.';
comment on column public.icebreaker_answers.raw_json is 'The answer as it came.';

create index icebreaker_answers_by_day on public.icebreaker_answers (answered_at);

create table public.icebreakers (
  lead_id uuid not null,
  source text not null,
  line text,
  language text not null,
  evidence text,
  problems jsonb not null default '[]',
  facts jsonb not null,
  facts_digest text not null,
  prompt_version text not null,
  model text not null,
  attempts smallint not null default 0,
  input_tokens integer not null default 0,
  cached_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost_usd numeric not null default 0,
  facts_as_of timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint icebreakers_pkey primary key (lead_id),
  constraint icebreakers_lead_fkey foreign key (lead_id) references public.leads (lead_id) on delete cascade,
  constraint icebreakers_source_is_known check (source in ('model', 'template', 'skipped')),
  constraint icebreakers_line_is_there_or_skipped check ((line is null) = (source = 'skipped'))
);

comment on table public.icebreakers is
  'The opening line of each lead. Grain: one lead. Every line has passed all checks.';
comment on column public.icebreakers.source is
  'model: written by it. template: made of the facts by a fixed pattern, because the model''s lines did not pass. skipped: no line; problems says why.';
comment on column public.icebreakers.evidence is 'The words of the facts that the line rests on; NULL: there is no line.';
comment on column public.icebreakers.problems is 'Rules that the refused lines broke, or why there is no line.';
comment on column public.icebreakers.facts is 'What the line was made of, as it was sent.';
comment on column public.icebreakers.attempts is 'Answers that were paid for.';
comment on column public.icebreakers.facts_as_of is 'When the lead and its company were last looked at for it.';

create table public.openai_batches (
  id uuid not null,
  state text not null default 'planned',
  model text not null,
  prompt_version text not null,
  content_digest text not null,
  lines integer not null,
  estimated_tokens bigint not null,
  estimated_usd numeric not null,
  input_file_id text,
  batch_id text,
  reason text,
  orchestrator_run_id text,
  planned_at timestamptz not null default now(),
  submitted_at timestamptz,
  ended_at timestamptz,
  constraint openai_batches_pkey primary key (id),
  constraint openai_batches_state_is_known check (state in ('planned', 'uploaded', 'submitted', 'ended', 'failed')),
  constraint openai_batches_batch_id_key unique (batch_id),
  constraint openai_batches_ended_says_when check ((ended_at is null) = (state in ('planned', 'uploaded', 'submitted')))
);

comment on table public.openai_batches is
  'Lines that are asked for in bulk at half the price. Grain: one batch. Planned here before anything is uploaded, so that after a crash the file and the batch are found at OpenAI by name and metadata, and adopted.';
comment on column public.openai_batches.content_digest is 'Of the lines'' bytes. A file that would have others is not uploaded.';
comment on column public.openai_batches.estimated_usd is 'Counts as spent until the batch has ended.';

create table public.openai_batch_lines (
  batch_id uuid not null,
  custom_id text not null,
  facts_digest text not null,
  facts jsonb not null,
  state text not null default 'waiting',
  reason text,
  constraint openai_batch_lines_pkey primary key (batch_id, custom_id),
  constraint openai_batch_lines_batch_fkey foreign key (batch_id) references public.openai_batches (id) on delete cascade,
  constraint openai_batch_lines_state_is_known check (state in ('waiting', 'answered', 'requeued', 'refused'))
);

comment on table public.openai_batch_lines is
  'What each batch asks for. Grain: one line. waiting: in a batch that has not ended; nothing else asks for it. answered: in icebreaker_answers. requeued: expired, failed or missing; it is asked for again. refused: OpenAI says that the request itself is wrong.';

create unique index openai_batch_lines_wait_once on public.openai_batch_lines (facts_digest) where state = 'waiting';

alter table public.icebreaker_answers enable row level security;
alter table public.icebreakers enable row level security;
alter table public.openai_batches enable row level security;
alter table public.openai_batch_lines enable row level security;
grant select, insert, update, delete on table
  public.icebreaker_answers, public.icebreakers, public.openai_batches, public.openai_batch_lines
  to service_role;

create function public.leads_to_introduce(wanted_prompt text, wanted_model text, least_score integer, after_id uuid, most integer)
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

comment on function public.leads_to_introduce(text, text, integer, uuid, integer) is
  'Leads that may get a line and have none by this prompt and model, or of whom something changed since; with what is known of them, a page at a time by lead_id.';

create function public.known_answers(digests jsonb, wanted_prompt text, wanted_model text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(
           jsonb_agg(to_jsonb(answer) order by answer.facts_digest, answer.attempt),
           '[]'
         )
    from public.icebreaker_answers as answer
   where answer.prompt_version = wanted_prompt and answer.model = wanted_model
     and answer.facts_digest in (select jsonb_array_elements_text(digests))
$function$;

comment on function public.known_answers(jsonb, text, text) is
  'Answers that are paid for already, of these facts by this prompt and model.';

create function public.save_icebreaker_answers(rows jsonb)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with saved as (
    insert into public.icebreaker_answers (
      facts_digest, prompt_version, model, attempt, mode, outcome, line, evidence, input_tokens, cached_tokens,
      cache_write_tokens, output_tokens, cost_usd, raw_json, orchestrator_run_id
    )
    select given.facts_digest, given.prompt_version, given.model, given.attempt, given.mode, given.outcome, given.line,
           given.evidence, given.input_tokens, given.cached_tokens, given.cache_write_tokens, given.output_tokens,
           given.cost_usd, given.raw_json, given.orchestrator_run_id
      from jsonb_populate_recordset(null::public.icebreaker_answers, rows) as given
    on conflict do nothing
    returning 1
  )
  select count(*) from saved
$function$;

comment on function public.save_icebreaker_answers(jsonb) is
  'Keeps answers; one that is there already stays as it is. Answers how many were new. Safe to run twice.';

create function public.merge_icebreakers(rows jsonb)
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with incoming as materialized (
    select given.*
      from jsonb_populate_recordset(null::public.icebreakers, rows) as given
      join public.leads as lead using (lead_id)
  ), written as (
    insert into public.icebreakers (
      lead_id, source, line, language, evidence, problems, facts, facts_digest, prompt_version, model, attempts,
      input_tokens, cached_tokens, output_tokens, cost_usd
    )
    select incoming.lead_id, incoming.source, incoming.line, incoming.language, incoming.evidence, incoming.problems,
           incoming.facts, incoming.facts_digest, incoming.prompt_version, incoming.model, incoming.attempts,
           incoming.input_tokens, incoming.cached_tokens, incoming.output_tokens, incoming.cost_usd
      from incoming
     order by incoming.lead_id
    on conflict (lead_id) do update
      set source = excluded.source, line = excluded.line, language = excluded.language, evidence = excluded.evidence,
          problems = excluded.problems, facts = excluded.facts, facts_digest = excluded.facts_digest,
          prompt_version = excluded.prompt_version, model = excluded.model, attempts = excluded.attempts,
          input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens,
          output_tokens = excluded.output_tokens, cost_usd = excluded.cost_usd,
          facts_as_of = now(), updated_at = now()
    returning (xmax = 0) as is_new
  )
  select count(*) filter (where is_new), count(*) filter (where not is_new), (select count(*) from incoming) - count(*)
    from written
$function$;

comment on function public.merge_icebreakers(jsonb) is 'Stores lines by lead. Safe to run twice.';

create function public.note_facts_seen(lead_ids jsonb)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  seen bigint;
begin
  update public.icebreakers as written
     set facts_as_of = now()
   where written.lead_id in (select jsonb_array_elements_text(lead_ids)::uuid);
  get diagnostics seen = row_count;
  return seen;
end;
$function$;

comment on function public.note_facts_seen(jsonb) is
  'Notes that something changed at these leads that their line does not speak of, so that it need not be looked at again. Safe to run twice.';

create function public.audience_lines(wanted_audience text, after_id uuid, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(page) order by page.lead_id), '[]')
    from (
      select written.lead_id, written.line, written.facts_digest
        from public.icebreakers as written
        join public.leads as lead using (lead_id)
       where written.line is not null and coalesce(lead.search_name, lead.source) = wanted_audience
         and (after_id is null or written.lead_id > after_id)
       order by written.lead_id
       limit most
    ) as page
$function$;

comment on function public.audience_lines(text, uuid, integer) is
  'Lines of the leads of one search or source, a page at a time: a new line must not open as too many of them do.';

create function public.dollars_spent(today_only boolean, wanted_run text default null)
returns numeric
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce((
           select sum(answer.cost_usd)
             from public.icebreaker_answers as answer
            where (not today_only or answer.answered_at >= date_trunc('day', now(), 'utc'))
              and (wanted_run is null or answer.orchestrator_run_id = wanted_run)
         ), 0)
       + coalesce((
           select sum(batch.estimated_usd)
             from public.openai_batches as batch
            where batch.ended_at is null
              and (not today_only or batch.planned_at >= date_trunc('day', now(), 'utc'))
              and (wanted_run is null or batch.orchestrator_run_id = wanted_run)
         ), 0)
$function$;

comment on function public.dollars_spent(boolean, text) is
  'What answers cost, and what open batches may cost: today (UTC) or ever, by one run or by all.';

create function public.plan_openai_batch(batch jsonb, planned_lines jsonb)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  planned bigint;
begin
  insert into public.openai_batches (
    id, model, prompt_version, content_digest, lines, estimated_tokens, estimated_usd, orchestrator_run_id
  )
  select given.id, given.model, given.prompt_version, given.content_digest, given.lines,
         given.estimated_tokens, given.estimated_usd, given.orchestrator_run_id
    from jsonb_populate_record(null::public.openai_batches, plan_openai_batch.batch) as given
  on conflict (id) do nothing;
  -- A line that waits in another batch makes the whole plan fail: nothing was sent, and the next run plans anew.
  insert into public.openai_batch_lines (batch_id, custom_id, facts_digest, facts)
  select (plan_openai_batch.batch->>'id')::uuid, given.custom_id, given.facts_digest, given.facts
    from jsonb_populate_recordset(null::public.openai_batch_lines, planned_lines) as given
  on conflict (batch_id, custom_id) do nothing;
  get diagnostics planned = row_count;
  return planned;
end;
$function$;

comment on function public.plan_openai_batch(jsonb, jsonb) is
  'Writes a batch and some of its lines down, before anything is uploaded; called until all are there. Safe to run twice.';

create function public.waiting_digests(digests jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(line.facts_digest), '[]')
    from public.openai_batch_lines as line
   where line.state = 'waiting' and line.facts_digest in (select jsonb_array_elements_text(digests))
$function$;

comment on function public.waiting_digests(jsonb) is 'Which of these facts wait in a batch that has not ended.';

create function public.batch_lines(
  wanted_batch uuid, after_custom_id text, most integer, wanted_ids jsonb default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(page) order by page.custom_id), '[]')
    from (
      select line.custom_id, line.facts_digest, line.facts, line.state
        from public.openai_batch_lines as line
       where line.batch_id = wanted_batch and line.custom_id > after_custom_id
         and (wanted_ids is null or wanted_ids ? line.custom_id)
       order by line.custom_id
       limit most
    ) as page
$function$;

comment on function public.batch_lines(uuid, text, integer, jsonb) is 'The lines of a batch in the order of their custom_id, a page at a time; only those of wanted_ids, where they are given.';

create function public.note_batch_lines(wanted_batch uuid, lines jsonb)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  noted bigint;
begin
  update public.openai_batch_lines as line
     set state = given.state, reason = given.reason
    from jsonb_to_recordset(lines) as given (custom_id text, state text, reason text)
   where line.batch_id = wanted_batch and line.custom_id = given.custom_id and line.state = 'waiting';
  get diagnostics noted = row_count;
  return noted;
end;
$function$;

comment on function public.note_batch_lines(uuid, jsonb) is
  '[{"custom_id", "state", "reason"}]: what became of lines that waited. Safe to run twice.';

create function public.end_openai_batch(wanted_batch uuid, end_state text, end_reason text)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  requeued bigint;
begin
  update public.openai_batch_lines as line
     set state = 'requeued', reason = coalesce(line.reason, end_reason, 'it was not among the results')
   where line.batch_id = wanted_batch and line.state = 'waiting';
  get diagnostics requeued = row_count;
  update public.openai_batches as batch
     set state = end_state, reason = end_reason, ended_at = now()
   where batch.id = wanted_batch and batch.ended_at is null;
  return requeued;
end;
$function$;

comment on function public.end_openai_batch(uuid, text, text) is
  'Ends a batch, ended or failed; lines that still wait are requeued, and their number is the answer. Safe to run twice.';

create view public.icebreaker_costs with (security_invoker = true) as
select written.prompt_version,
       written.model,
       written.language,
       count(*) as leads,
       count(*) filter (where written.source = 'model') as by_model,
       count(*) filter (where written.source = 'template') as by_template,
       count(*) filter (where written.source = 'skipped') as skipped,
       sum(written.input_tokens) as input_tokens,
       sum(written.cached_tokens) as cached_tokens,
       sum(written.output_tokens) as output_tokens,
       sum(written.cost_usd) as cost_usd,
       round(sum(written.cost_usd) / nullif(count(*) filter (where written.line is not null), 0), 6) as usd_per_line
  from public.icebreakers as written
 group by written.prompt_version, written.model, written.language;

comment on view public.icebreaker_costs is 'Lines and what they cost. Grain: one prompt version, model and language.';
comment on column public.icebreaker_costs.usd_per_line is 'cost_usd / lines there are; NULL where there is none.';

grant select on public.icebreaker_costs to service_role;

revoke execute on function
  public.leads_to_introduce(text, text, integer, uuid, integer), public.known_answers(jsonb, text, text),
  public.save_icebreaker_answers(jsonb), public.merge_icebreakers(jsonb), public.note_facts_seen(jsonb),
  public.audience_lines(text, uuid, integer), public.dollars_spent(boolean, text),
  public.plan_openai_batch(jsonb, jsonb), public.waiting_digests(jsonb), public.batch_lines(uuid, text, integer, jsonb),
  public.note_batch_lines(uuid, jsonb), public.end_openai_batch(uuid, text, text)
  from public, anon, authenticated;
grant execute on function
  public.leads_to_introduce(text, text, integer, uuid, integer), public.known_answers(jsonb, text, text),
  public.save_icebreaker_answers(jsonb), public.merge_icebreakers(jsonb), public.note_facts_seen(jsonb),
  public.audience_lines(text, uuid, integer), public.dollars_spent(boolean, text),
  public.plan_openai_batch(jsonb, jsonb), public.waiting_digests(jsonb), public.batch_lines(uuid, text, integer, jsonb),
  public.note_batch_lines(uuid, jsonb), public.end_openai_batch(uuid, text, text)
  to service_role;

notify pgrst, 'reload schema';
