-- Campaigns as their files say them: what a launch works from, and what a preview shows.

create table public.campaign_files (
  campaign_name text not null,
  title text not null,
  spec jsonb not null,
  spec_digest text not null,
  copy_digest text not null,
  source_file text not null,
  is_active boolean not null default true,
  applied_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint campaign_files_pkey primary key (campaign_name),
  constraint campaign_files_name_is_a_slug check (campaign_name ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
  constraint campaign_files_title_is_not_blank check (btrim(title) <> ''),
  constraint campaign_files_spec_has_the_name check (spec->>'name' = campaign_name),
  constraint campaign_files_digests_are_sha256 check (spec_digest ~ '^[0-9a-f]{64}$' and copy_digest ~ '^[0-9a-f]{64}$')
);

comment on table public.campaign_files is
  'Campaigns that people wrote down. Grain: one campaign. Written by `outreach campaigns apply` from the files in campaigns/, after every rule of the lint; never deleted, because people were written to by it. Where a campaign stands at Instantly is in campaigns.';
comment on column public.campaign_files.spec is 'The whole file, with defaults written out.';
comment on column public.campaign_files.spec_digest is 'SHA-256 of spec: two equal ones are the same campaign.';
comment on column public.campaign_files.copy_digest is 'SHA-256 of what a recipient sees: a new one means other mails.';
comment on column public.campaign_files.source_file is 'Name of the file it was last in.';
comment on column public.campaign_files.is_active is 'false: no file has it any longer. It stays readable, and starts no launch.';
comment on column public.campaign_files.applied_at is 'When what it says was last taken from a file, by an apply that changed something.';

alter table public.campaign_files enable row level security;
grant select, insert, update, delete on table public.campaign_files to service_role;

create function public.apply_campaign_files(campaigns jsonb, source_files jsonb default null)
returns table (inserted bigint, updated bigint, unchanged bigint, without_file bigint)
language sql
security invoker
set search_path = ''
as $function$
  with incoming as materialized (
    select given.campaign_name, given.title, given.spec, given.spec_digest, given.copy_digest, given.source_file
      from jsonb_populate_recordset(null::public.campaign_files, campaigns) as given
  ), written as (
    insert into public.campaign_files (campaign_name, title, spec, spec_digest, copy_digest, source_file)
    select incoming.campaign_name, incoming.title, incoming.spec, incoming.spec_digest, incoming.copy_digest,
           incoming.source_file
      from incoming
     where not exists (
       select from public.campaign_files as stored
        where stored.campaign_name = incoming.campaign_name and stored.is_active
          and (stored.spec_digest, stored.source_file) = (incoming.spec_digest, incoming.source_file)
     )
    on conflict (campaign_name) do update
      set title = excluded.title, spec = excluded.spec, spec_digest = excluded.spec_digest,
          copy_digest = excluded.copy_digest, source_file = excluded.source_file, is_active = true,
          applied_at = now(), updated_at = now()
    returning (xmax = 0) as is_new
  ), left_out as (
    update public.campaign_files as stored
       set is_active = false, updated_at = now()
     where stored.is_active
       and (source_files is null or source_files ? stored.source_file)
       and stored.campaign_name not in (select incoming.campaign_name from incoming)
    returning stored.campaign_name
  )
  select count(*) filter (where is_new),
         count(*) filter (where not is_new),
         (select count(*) from incoming) - count(*),
         (select count(*) from left_out)
    from written
$function$;

comment on function public.apply_campaign_files(jsonb, jsonb) is
  'Brings campaign_files up to an array of campaigns; a row that says the same already is not touched. Those that are missing in it are marked as without a file, and stay: of those files, or all of them where source_files is NULL. Safe to run twice.';

create function public.leads_for_preview(
  wanted_searches jsonb, wanted_regions jsonb, least_score integer, after_id uuid, most integer
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(candidate) order by candidate.lead_id), '[]')
    from (
      select lead.lead_id, lead.email, lead.first_name, lead.last_name, lead.job_title, lead.country,
             coalesce(company.city, lead.city) as city, lead.company_domain, lead.region, lead.lawful_basis,
             lead.search_name, coalesce(company.company_name, lead.company_name) as company_name,
             company.industry, company.employees_count, company.founded_year, company.technologies,
             score.score, written.line as icebreaker_line, written.source as icebreaker_source
        from public.leads as lead
        left join public.companies as company on company.domain = lead.company_domain
        left join public.lead_scores as score using (lead_id)
        left join public.icebreakers as written using (lead_id)
       where (after_id is null or lead.lead_id > after_id)
         and lead.status = 'new' and lead.lawful_basis is not null
         and lead.is_role_address is false and lead.is_disposable is false
         and (wanted_searches is null or wanted_searches ? lead.search_name)
         and wanted_regions ? lead.region
         and coalesce(score.score, 0) >= least_score
       order by lead.lead_id
       limit most
    ) as candidate
$function$;

comment on function public.leads_for_preview(jsonb, jsonb, integer, uuid, integer) is
  'New leads of some searches (NULL: of all) and regions, with what a mail can say of them and their line, a page at a time by lead_id. For looking only: who is written to is decided where they are reserved.';

revoke execute on function
  public.apply_campaign_files(jsonb, jsonb), public.leads_for_preview(jsonb, jsonb, integer, uuid, integer)
  from public, anon, authenticated;
grant execute on function
  public.apply_campaign_files(jsonb, jsonb), public.leads_for_preview(jsonb, jsonb, integer, uuid, integer)
  to service_role;

notify pgrst, 'reload schema';
