-- Leads and companies from any origin under the same rules: one row an address, one row a registrable domain; where each
-- came from, on what basis, and what our own rules think of it.

alter table public.leads
  add column match_key text,
  add column email_domain text,
  add column registrable_domain text,
  add column is_role_address boolean,
  add column is_disposable boolean,
  add column is_free_mail boolean,
  add column email_status text,
  add column first_name text,
  add column last_name text,
  add column job_title text,
  add column seniority text,
  add column linkedin_url text,
  add column phone text,
  add column city text,
  add column country text,
  add column company_name text,
  add column company_domain text,
  add column apollo_person_id text,
  add column apollo_organization_id text,
  add column source text not null default 'instantly',
  add column search_name text,
  add column collected_at timestamptz not null default now(),
  add column lawful_basis text,
  add column region text,
  add column notice_due_on date;

alter table public.leads drop constraint leads_status_is_known;
alter table public.leads add constraint leads_status_is_known check (status in (
  'unsubscribed', 'bounced', 'not_interested', 'wrong_person', 'positive', 'replied',
  'active', 'paused', 'completed', 'skipped', 'listed', 'unknown', 'new'
));
-- What Apollo writes where an address is hidden; under it all such people would be one lead.
delete from public.leads where email like 'email\_not\_unlocked@%';
alter table public.leads add constraint leads_email_is_no_placeholder check (email not like 'email\_not\_unlocked@%');

-- One that somebody uploaded to Instantly stops no other lead: it is left out, where the constraint would end the run.
create function private.leave_row_out()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $function$
begin
  return null;
end;
$function$;

comment on function private.leave_row_out() is 'As a trigger before a row is inserted: it is not.';
revoke execute on function private.leave_row_out() from public, anon, authenticated;
grant execute on function private.leave_row_out() to service_role;

create trigger leads_leave_placeholders_out
  before insert on public.leads
  for each row when (new.email like 'email\_not\_unlocked@%')
  execute function private.leave_row_out();

alter table public.leads add constraint leads_region_is_known
  check (region in ('eu', 'uk', 'ch', 'us', 'ca', 'other', 'unknown'));
alter table public.leads add constraint leads_lawful_basis_is_known
  check (lawful_basis in ('legitimate_interest', 'consent', 'contract'));

comment on table public.leads is
  'Everybody we know. Grain: one normalised address. Where a person stands at Instantly comes from instantly_leads_raw, by refresh_leads(); who they are comes from Apollo, a CSV or Instantly, by merge_leads(). An address that is deleted at Instantly keeps its row.';
comment on column public.leads.email is 'Lower case, trimmed, the domain in ASCII.';
comment on column public.leads.match_key is
  'The address folded further, for matching only and never for sending: two spellings of one mailbox have one. NULL: the address was not described yet.';
comment on column public.leads.registrable_domain is 'By the public suffix list; NULL: there is none.';
comment on column public.leads.is_role_address is 'Whether it belongs to a function (info, sales) rather than to a person.';
comment on column public.leads.email_status is 'Apollo''s word in lower case: only verified is an address that was checked; NULL: not said.';
comment on column public.leads.company_domain is 'Registrable domain of the employer, which is a key of companies; NULL: not known.';
comment on column public.leads.source is 'Where the address came from first: apollo, instantly, or csv:<file>.';
comment on column public.leads.search_name is 'The search that found the person first.';
comment on column public.leads.collected_at is 'When the address came from there.';
comment on column public.leads.lawful_basis is 'Why the person may be written to; NULL: nobody said, which is none.';
comment on column public.leads.region is 'By the country, or as the search or file says; unknown: neither is known. NULL: not described yet.';
comment on column public.leads.notice_due_on is
  'By when the person must have been told where we have their data from (GDPR, article 14); NULL: no such duty there.';

create index leads_match_key on public.leads (match_key);
create index leads_company_domain on public.leads (company_domain);
create index leads_updated_at on public.leads (updated_at);
create index leads_not_described on public.leads (lead_id) where match_key is null;

create table public.companies (
  domain text not null,
  company_name text,
  industry text,
  employees_count integer,
  annual_revenue numeric,
  headcount_growth_twelve_months numeric,
  founded_year integer,
  technologies jsonb,
  country text,
  city text,
  linkedin_url text,
  apollo_organization_id text,
  source text not null,
  value_ranks jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint companies_pkey primary key (domain),
  constraint companies_domain_is_normalised check (domain = lower(btrim(domain)) and domain like '%.%')
);

comment on table public.companies is
  'Employers. Grain: one registrable domain. Made of every lead and every company of Apollo with that domain; of two values the one from the richer source stays.';
comment on column public.companies.annual_revenue is 'US dollars; NULL: not known.';
comment on column public.companies.headcount_growth_twelve_months is 'As Apollo gives it; see lead_scores for how it is read.';
comment on column public.companies.source is 'The richest source so far: apollo_enrichment, apollo_person, apollo_search, lead.';
comment on column public.companies.value_ranks is 'How rich the source of each value is, by column; a value from a poorer one only fills a gap.';

create table public.lead_scores (
  lead_id uuid not null,
  score smallint not null,
  reasons jsonb not null,
  rules_digest text not null,
  scored_at timestamptz not null default now(),
  constraint lead_scores_pkey primary key (lead_id),
  constraint lead_scores_lead_fkey foreign key (lead_id) references public.leads (lead_id) on delete cascade,
  constraint lead_scores_score_is_a_percentage check (score between 0 and 100)
);

comment on table public.lead_scores is 'How well each lead fits, by the rules of campaigns/scoring.yaml. Grain: one lead.';
comment on column public.lead_scores.reasons is 'An array of short sentences: what gave points, what did not, what is not known.';
comment on column public.lead_scores.rules_digest is 'Of the rules that gave the score.';

alter table public.companies enable row level security;
alter table public.lead_scores enable row level security;
grant select, insert, update, delete on table public.companies, public.lead_scores to service_role;

create function public.merge_leads(rows jsonb)
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with given as materialized (
    -- The last of two rows with one address wins.
    select distinct on (record.email) record.*
      from jsonb_array_elements(rows) with ordinality as listed (value, place)
      cross join lateral jsonb_populate_record(null::public.leads, listed.value) as record
     order by record.email, listed.place desc
  ), incoming as materialized (
    -- What is known stays known; a value that is not given takes nothing away. Where an address came from first is kept.
    select given.email,
           coalesce(stored.status, 'new') as status,
           given.match_key, given.email_domain, given.registrable_domain,
           given.is_role_address, given.is_disposable, given.is_free_mail,
           coalesce(given.email_status, stored.email_status) as email_status,
           coalesce(given.first_name, stored.first_name) as first_name,
           coalesce(given.last_name, stored.last_name) as last_name,
           coalesce(given.job_title, stored.job_title) as job_title,
           coalesce(given.seniority, stored.seniority) as seniority,
           coalesce(given.linkedin_url, stored.linkedin_url) as linkedin_url,
           coalesce(given.phone, stored.phone) as phone,
           coalesce(given.city, stored.city) as city,
           coalesce(given.country, stored.country) as country,
           coalesce(given.company_name, stored.company_name) as company_name,
           coalesce(given.company_domain, stored.company_domain) as company_domain,
           coalesce(given.apollo_person_id, stored.apollo_person_id) as apollo_person_id,
           coalesce(given.apollo_organization_id, stored.apollo_organization_id) as apollo_organization_id,
           coalesce(stored.source, given.source) as source,
           coalesce(stored.search_name, given.search_name) as search_name,
           coalesce(stored.collected_at, given.collected_at, now()) as collected_at,
           coalesce(stored.lawful_basis, given.lawful_basis) as lawful_basis,
           known.region,
           -- The first time we had the data counts, unless another law holds now.
           case when known.region is not distinct from stored.region then stored.notice_due_on
                when given.notice_due_on is not null then least(given.notice_due_on, stored.notice_due_on)
           end as notice_due_on,
           stored.lead_id
      from given
      left join public.leads as stored on stored.email = given.email
      cross join lateral (
        select case when given.region <> 'unknown' then given.region else coalesce(stored.region, given.region) end as region
      ) as known
  ), written as (
    insert into public.leads (
      email, status, match_key, email_domain, registrable_domain, is_role_address, is_disposable, is_free_mail, email_status,
      first_name, last_name, job_title, seniority, linkedin_url, phone, city, country, company_name, company_domain,
      apollo_person_id, apollo_organization_id, source, search_name, collected_at, lawful_basis, region, notice_due_on
    )
    select incoming.email, incoming.status, incoming.match_key, incoming.email_domain, incoming.registrable_domain,
           incoming.is_role_address, incoming.is_disposable, incoming.is_free_mail, incoming.email_status,
           incoming.first_name, incoming.last_name, incoming.job_title, incoming.seniority, incoming.linkedin_url,
           incoming.phone, incoming.city, incoming.country, incoming.company_name, incoming.company_domain,
           incoming.apollo_person_id, incoming.apollo_organization_id, incoming.source, incoming.search_name,
           incoming.collected_at, incoming.lawful_basis, incoming.region, incoming.notice_due_on
      from incoming
     where incoming.lead_id is null
        or not exists (
          select from public.leads as stored
           where stored.lead_id = incoming.lead_id
             and (stored.match_key, stored.email_domain, stored.registrable_domain, stored.is_role_address,
                  stored.is_disposable, stored.is_free_mail, stored.email_status, stored.first_name, stored.last_name,
                  stored.job_title, stored.seniority, stored.linkedin_url, stored.phone, stored.city, stored.country,
                  stored.company_name, stored.company_domain, stored.apollo_person_id, stored.apollo_organization_id,
                  stored.source, stored.search_name, stored.collected_at, stored.lawful_basis, stored.region,
                  stored.notice_due_on)
                 is not distinct from
                 (incoming.match_key, incoming.email_domain, incoming.registrable_domain, incoming.is_role_address,
                  incoming.is_disposable, incoming.is_free_mail, incoming.email_status, incoming.first_name,
                  incoming.last_name, incoming.job_title, incoming.seniority, incoming.linkedin_url, incoming.phone,
                  incoming.city, incoming.country, incoming.company_name, incoming.company_domain,
                  incoming.apollo_person_id, incoming.apollo_organization_id, incoming.source, incoming.search_name,
                  incoming.collected_at, incoming.lawful_basis, incoming.region, incoming.notice_due_on)
        )
     order by incoming.email
    on conflict (email) do update
      set match_key = excluded.match_key, email_domain = excluded.email_domain,
          registrable_domain = excluded.registrable_domain, is_role_address = excluded.is_role_address,
          is_disposable = excluded.is_disposable, is_free_mail = excluded.is_free_mail,
          email_status = excluded.email_status, first_name = excluded.first_name, last_name = excluded.last_name,
          job_title = excluded.job_title, seniority = excluded.seniority, linkedin_url = excluded.linkedin_url,
          phone = excluded.phone, city = excluded.city, country = excluded.country,
          company_name = excluded.company_name, company_domain = excluded.company_domain,
          apollo_person_id = excluded.apollo_person_id, apollo_organization_id = excluded.apollo_organization_id,
          search_name = excluded.search_name, lawful_basis = excluded.lawful_basis,
          region = excluded.region, notice_due_on = excluded.notice_due_on, updated_at = now()
    returning (xmax = 0) as is_new
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new),
         (select count(*) from incoming) - count(*)
    from written
$function$;

comment on function public.merge_leads(jsonb) is
  'Merges who people are into leads, by address. A value that is known is never replaced by one that is not; the first source, its moment and its basis stay. A row that says the same already is not touched. Safe to run twice.';

create function public.leads_to_describe(after_id uuid, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(
           jsonb_agg(
             jsonb_build_object(
               'lead_id', lead.lead_id, 'email', lead.email, 'source', lead.source, 'collected_at', lead.collected_at,
               'payload', latest.raw_json
             )
             order by lead.lead_id
           ),
           '[]'
         )
    from (
      select stored.*
        from public.leads as stored
       where stored.match_key is null and (after_id is null or stored.lead_id > after_id)
       order by stored.lead_id
       limit most
    ) as lead
    left join lateral (
      select raw.raw_json
        from public.instantly_leads_raw as raw
       where raw.email = lead.email
       order by raw.deleted_at is not null, raw.updated_at desc, raw.instantly_lead_id
       limit 1
    ) as latest on true
$function$;

comment on function public.leads_to_describe(uuid, integer) is
  '[{"lead_id", "email", "source", "collected_at", "payload"}]: leads that Instantly brought and nobody has described yet, with what Instantly says of them, a page at a time by lead_id.';

create function public.purchases_since(wanted_subject_kind text, settled_since timestamptz, after_id bigint, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(
           jsonb_agg(
             jsonb_build_object(
               'id', ledger.id, 'subject_id', ledger.subject_id, 'data_kind', ledger.data_kind,
               'outcome', ledger.outcome, 'payload', ledger.raw_json, 'settled_at', ledger.settled_at,
               'search_name', ledger.search_name, 'lawful_basis', search.lawful_basis, 'region', search.region
             )
             order by ledger.id
           ),
           '[]'
         )
    from (
      select stored.*
        from public.apollo_credit_ledger as stored
       where stored.subject_kind = wanted_subject_kind and stored.raw_json is not null
         and (settled_since is null or stored.settled_at >= settled_since)
         and stored.id > after_id
       order by stored.id
       limit most
    ) as ledger
    left join public.apollo_searches as search using (search_name)
$function$;

comment on function public.purchases_since(text, timestamptz, bigint, integer) is
  'What was paid for and found, a page at a time by id, with what its search says of basis and region.';

create function public.merge_companies(rows jsonb)
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with given as materialized (
    -- Each value by itself: of several the one of the richest source, of its equals the last one.
    select told.value->>'domain' as domain,
           jsonb_object_agg(fact.key, fact.value order by source.rank, told.place) as facts,
           jsonb_object_agg(fact.key, source.rank order by source.rank, told.place) as ranks
      from jsonb_array_elements(rows) with ordinality as told (value, place)
      cross join lateral (select (told.value->>'source_rank')::integer as rank) as source
      cross join lateral jsonb_each(jsonb_strip_nulls(told.value) - 'domain' - 'source_rank') as fact
     group by told.value->>'domain'
  ), incoming as materialized (
    select merged.*, merged is distinct from stored as is_changed
      from given
      left join public.companies as stored on stored.domain = given.domain
      cross join lateral (
        select coalesce(jsonb_object_agg(fact.key, fact.value), '{}') as facts,
               coalesce(jsonb_object_agg(fact.key, given.ranks->fact.key), '{}') as ranks
          from jsonb_each(given.facts) as fact
         where (given.ranks->>fact.key)::integer >= coalesce((stored.value_ranks->>fact.key)::integer, 0)
      ) as better
      -- What is not given stays as it is stored.
      cross join lateral jsonb_populate_record(
        stored,
        better.facts || jsonb_build_object(
          'domain', given.domain, 'value_ranks', coalesce(stored.value_ranks, '{}') || better.ranks
        )
      ) as merged
  ), written as (
    insert into public.companies (
      domain, company_name, industry, employees_count, annual_revenue, headcount_growth_twelve_months, founded_year,
      technologies, country, city, linkedin_url, apollo_organization_id, source, value_ranks
    )
    select incoming.domain, incoming.company_name, incoming.industry, incoming.employees_count, incoming.annual_revenue,
           incoming.headcount_growth_twelve_months, incoming.founded_year, incoming.technologies, incoming.country,
           incoming.city, incoming.linkedin_url, incoming.apollo_organization_id, incoming.source, incoming.value_ranks
      from incoming
     where incoming.is_changed
     order by incoming.domain
    on conflict (domain) do update
      set company_name = excluded.company_name, industry = excluded.industry, employees_count = excluded.employees_count,
          annual_revenue = excluded.annual_revenue,
          headcount_growth_twelve_months = excluded.headcount_growth_twelve_months,
          founded_year = excluded.founded_year, technologies = excluded.technologies, country = excluded.country,
          city = excluded.city, linkedin_url = excluded.linkedin_url,
          apollo_organization_id = excluded.apollo_organization_id,
          source = excluded.source, value_ranks = excluded.value_ranks, updated_at = now()
    returning (xmax = 0) as is_new
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new),
         (select count(*) from incoming) - count(*)
    from written
$function$;

comment on function public.merge_companies(jsonb) is
  'Merges companies by domain. Of two known values the one of the higher source_rank stays, of equal ranks the newer one; a value that is not known takes nothing away. A row that says the same already is not touched. Safe to run twice.';

create function public.companies_of_leads(changed_since timestamptz, after_domain text, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(employer) order by employer.domain), '[]')
    from (
      select lead.company_domain as domain, min(lead.company_name) as company_name
        from public.leads as lead
       where lead.company_domain is not null
         and (changed_since is null or lead.updated_at >= changed_since)
         and lead.company_domain > after_domain
       group by lead.company_domain
       order by lead.company_domain
       limit most
    ) as employer
$function$;

comment on function public.companies_of_leads(timestamptz, text, integer) is
  '[{"domain", "company_name"}]: employers of leads that changed since, a page at a time by domain.';

create function public.companies_to_enrich(most integer, bought_before timestamptz)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(wanted) order by wanted.people desc, wanted.subject_id), '[]')
    from (
      select lead.company_domain as subject_id, min(lead.search_name) as search_name, count(*) as people
        from public.leads as lead
       -- Only for people that a search of ours brought; who is in Instantly already needs no score.
       where lead.company_domain is not null and lead.search_name is not null
         and not exists (
           select from public.apollo_credit_ledger as bought
            where bought.subject_kind = 'organization' and bought.subject_id = lead.company_domain
              and bought.data_kind = 'organization' and bought.is_current
              and (bought.settled_at is null or bought.settled_at >= bought_before)
         )
       group by lead.company_domain
       order by count(*) desc, lead.company_domain
       limit most
    ) as wanted
$function$;

comment on function public.companies_to_enrich(integer, timestamptz) is
  '[{"subject_id", "search_name", "people"}]: domains of employers whom Apollo was never asked about, or not since that moment; those with most leads first.';

create function public.leads_to_score(rules text, after_id uuid, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(facts) order by facts.lead_id), '[]')
    from (
      select lead.lead_id, lead.job_title, lead.seniority, lead.region, coalesce(lead.country, company.country) as country,
             company.industry, company.employees_count, company.annual_revenue, company.headcount_growth_twelve_months,
             company.technologies
        from public.leads as lead
        left join public.companies as company on company.domain = lead.company_domain
        left join public.lead_scores as score using (lead_id)
       where (after_id is null or lead.lead_id > after_id)
         and lead.match_key is not null
         and (score.lead_id is null or score.rules_digest <> rules
              or score.scored_at < greatest(lead.updated_at, company.updated_at))
       order by lead.lead_id
       limit most
    ) as facts
$function$;

comment on function public.leads_to_score(text, uuid, integer) is
  'What the score is made of, for leads without one, or of which the lead, its company or the rules changed since; a page at a time by lead_id.';

create function public.merge_lead_scores(rows jsonb)
returns table (inserted bigint, updated bigint, unchanged bigint)
language sql
security invoker
set search_path = ''
as $function$
  with incoming as materialized (
    select given.lead_id, given.score, given.reasons, given.rules_digest
      from jsonb_populate_recordset(null::public.lead_scores, rows) as given
      join public.leads as lead using (lead_id)
  ), written as (
    insert into public.lead_scores (lead_id, score, reasons, rules_digest)
    select incoming.* from incoming
    on conflict (lead_id) do update
      set score = excluded.score, reasons = excluded.reasons, rules_digest = excluded.rules_digest, scored_at = now()
    returning (xmax = 0) as is_new
  )
  select count(*) filter (where is_new), count(*) filter (where not is_new), (select count(*) from incoming) - count(*)
    from written
$function$;

comment on function public.merge_lead_scores(jsonb) is 'Stores scores by lead. Safe to run twice.';

drop view public.lead_overview;
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
       lead.is_listed,
       lead.first_name,
       lead.last_name,
       lead.job_title,
       coalesce(company.company_name, lead.company_name) as company_name,
       lead.company_domain,
       lead.email_status,
       lead.is_role_address,
       lead.is_disposable,
       lead.is_free_mail,
       lead.region,
       lead.source,
       lead.search_name,
       lead.lawful_basis,
       lead.notice_due_on,
       score.score,
       score.reasons as score_reasons
  from public.leads as lead
  left join public.companies as company on company.domain = lead.company_domain
  left join public.lead_scores as score using (lead_id);

comment on view public.lead_overview is 'Grain: one normalised address. Columns that are not described here are those of leads.';
comment on column public.lead_overview.campaigns is
  'Names of the campaigns at Instantly that hold the address now; an id where the name is not known.';
comment on column public.lead_overview.score is '0 to 100; NULL: not scored yet.';

grant select on public.lead_overview to service_role;

create view public.credits with (security_invoker = true) as
with asked as (
  select ledger.search_name,
         count(*) filter (where ledger.subject_kind = 'person') as people_asked,
         count(*) filter (where ledger.outcome = 'no_match') as misses,
         count(*) filter (where ledger.subject_kind = 'organization') as companies_asked,
         sum(ledger.credits) as credits_settled,
         sum(call.credits_reserved / nullif(sizes.subjects, 0))
           filter (where call.state in ('intended', 'answered', 'pending', 'doubtful', 'lost') and ledger.credits is null)
           as credits_in_doubt,
         sum(coalesce(ledger.credits, call.credits_reserved / nullif(sizes.subjects, 0)))
           filter (where call.intended_at >= date_trunc('day', now(), 'utc')) as credits_today
    from public.apollo_credit_ledger as ledger
    join public.apollo_calls as call on call.id = ledger.call_id
    cross join lateral (
      select count(*) as subjects from public.apollo_credit_ledger as same where same.call_id = call.id
    ) as sizes
   group by ledger.search_name
), found as (
  select found.search_name, count(*) as people_found from public.apollo_search_people as found group by found.search_name
), waiting as (
  select waiting.search_name, count(*) as people_waiting
    from public.apollo_people_waiting as waiting
   group by waiting.search_name
), usable as (
  select lead.search_name, count(*) as usable_leads
    from public.leads as lead
   where lead.source = 'apollo' and lead.email_status = 'verified'
     and lead.is_role_address is false and lead.is_disposable is false
   group by lead.search_name
), names as (
  select search.search_name from public.apollo_searches as search
  union
  select asked.search_name from asked
), each_search as (
  select names.search_name,
         coalesce(found.people_found, 0) as people_found,
         coalesce(waiting.people_waiting, 0) as people_waiting,
         coalesce(asked.people_asked, 0) as people_asked,
         coalesce(asked.misses, 0) as misses,
         coalesce(asked.companies_asked, 0) as companies_asked,
         coalesce(usable.usable_leads, 0) as usable_leads,
         coalesce(asked.credits_settled, 0) as credits_spent,
         coalesce(asked.credits_in_doubt, 0) as credits_in_doubt,
         coalesce(asked.credits_today, 0) as credits_today
    from names
    left join asked on asked.search_name is not distinct from names.search_name
    left join found on found.search_name = names.search_name
    left join waiting on waiting.search_name = names.search_name
    left join usable on usable.search_name = names.search_name
), summed as (
  select coalesce(each_search.search_name, 'no search') as search_name,
         each_search.people_found, each_search.people_waiting, each_search.people_asked, each_search.misses,
         each_search.companies_asked, each_search.usable_leads, each_search.credits_spent,
         each_search.credits_in_doubt, each_search.credits_today
    from each_search
  union all
  select 'all searches', coalesce(sum(people_found), 0), coalesce(sum(people_waiting), 0), coalesce(sum(people_asked), 0),
         coalesce(sum(misses), 0), coalesce(sum(companies_asked), 0), coalesce(sum(usable_leads), 0),
         coalesce(sum(credits_spent), 0), coalesce(sum(credits_in_doubt), 0), coalesce(sum(credits_today), 0)
    from each_search
)
select summed.search_name,
       summed.people_found,
       summed.people_waiting,
       summed.people_asked,
       summed.misses,
       summed.companies_asked,
       summed.usable_leads,
       summed.credits_spent,
       summed.credits_in_doubt,
       summed.credits_today,
       round((summed.credits_spent + summed.credits_in_doubt) / nullif(summed.usable_leads, 0), 2) as credits_per_usable_lead,
       case when summed.search_name = 'all searches'
            then (select usage.credits_left from public.apollo_usage as usage order by usage.usage_date desc limit 1)
       end as credits_left
  from summed;

comment on view public.credits is
  'What Apollo cost and brought. Grain: one search, and one row ''all searches''.';
comment on column public.credits.people_found is 'Found by the search, ever; somebody may be found by several.';
comment on column public.credits.misses is 'People and companies that Apollo did not know after all.';
comment on column public.credits.usable_leads is 'New leads with a verified address that is neither a function''s nor disposable.';
comment on column public.credits.credits_spent is 'Settled. Companies count for the search that brought most of their people.';
comment on column public.credits.credits_in_doubt is 'May have been charged: answers that never came, and results that are still to come.';
comment on column public.credits.credits_per_usable_lead is
  '(credits_spent + credits_in_doubt) / usable_leads; NULL where there is no usable lead yet.';
comment on column public.credits.credits_left is 'By Apollo''s own count, as last read; NULL: not read, or not a matter of one search.';

grant select on public.credits to service_role;

revoke execute on function
  public.merge_leads(jsonb), public.leads_to_describe(uuid, integer), public.purchases_since(text, timestamptz, bigint, integer),
  public.merge_companies(jsonb), public.companies_of_leads(timestamptz, text, integer),
  public.companies_to_enrich(integer, timestamptz), public.leads_to_score(text, uuid, integer),
  public.merge_lead_scores(jsonb)
  from public, anon, authenticated;
grant execute on function
  public.merge_leads(jsonb), public.leads_to_describe(uuid, integer), public.purchases_since(text, timestamptz, bigint, integer),
  public.merge_companies(jsonb), public.companies_of_leads(timestamptz, text, integer),
  public.companies_to_enrich(integer, timestamptz), public.leads_to_score(text, uuid, integer),
  public.merge_lead_scores(jsonb)
  to service_role;

notify pgrst, 'reload schema';
