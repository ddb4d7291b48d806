-- What was read, how completely, when; and what did not fit. Freshness is judged by sync_runs, never by whether a job
-- was green.

create table public.sync_runs (
  id uuid not null default gen_random_uuid(),
  table_name text not null,
  scope text not null default 'all',
  first_day date,
  last_day date,
  source text not null,
  orchestrator_run_id text,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  data_as_of timestamptz not null,
  status text not null default 'running',
  reason text,
  requests_made integer,
  rows_read bigint,
  rows_inserted bigint,
  rows_updated bigint,
  rows_unchanged bigint,
  rows_rejected bigint,
  rows_marked_deleted bigint,
  constraint sync_runs_pkey primary key (id),
  constraint sync_runs_status_is_known check (status in ('running', 'complete', 'incomplete')),
  constraint sync_runs_incomplete_says_why check (status <> 'incomplete' or reason is not null),
  constraint sync_runs_finished_when_not_running check ((finished_at is null) = (status = 'running'))
);

comment on table public.sync_runs is
  'Grain: one read of one table''s source. A run that stays ''running'' was killed; it counts as incomplete.';
comment on column public.sync_runs.scope is 'What was read: ''all'', or a range of days as 2026-11-01...2026-11-20.';
comment on column public.sync_runs.last_day is 'First and last day of a range; NULL where the scope is no range.';
comment on column public.sync_runs.source is '''api'', or the name of the JSON export.';
comment on column public.sync_runs.data_as_of is 'The moment the data speaks of: the start of the read, or the date of the export.';
comment on column public.sync_runs.requests_made is 'Requests to the vendor for this table, repeats included.';

create index sync_runs_latest on public.sync_runs (table_name, started_at desc);

create table public.rejected_rows (
  id bigint generated always as identity,
  table_name text not null,
  row_key text not null,
  reason text not null,
  payload jsonb,
  payload_digest text not null,
  sync_run_id uuid,
  created_at timestamptz not null default now(),
  constraint rejected_rows_pkey primary key (id),
  constraint rejected_rows_once unique (table_name, payload_digest, reason),
  constraint rejected_rows_sync_run_fkey foreign key (sync_run_id) references public.sync_runs (id) on delete set null
);

comment on table public.rejected_rows is
  'Quarantine. Grain: one payload that did not fit one table, kept once however often it is read.';
comment on column public.rejected_rows.row_key is 'The key of the row it would have been; empty when none could be read.';
comment on column public.rejected_rows.sync_run_id is 'The read that met it first.';

create index rejected_rows_sync_run on public.rejected_rows (sync_run_id);

alter table public.sync_runs enable row level security;
alter table public.rejected_rows enable row level security;
grant select, insert, update, delete on table public.sync_runs, public.rejected_rows to service_role;

create view public.sync_status with (security_invoker = true) as
select distinct on (latest.table_name)
       latest.table_name,
       latest.status as last_status,
       latest.source as last_source,
       latest.started_at as last_started_at,
       latest.reason as last_reason,
       complete.data_as_of as complete_as_of,
       complete.rows_read as complete_rows_read,
       complete.requests_made as complete_requests_made
  from public.sync_runs as latest
  left join lateral (
    select good.data_as_of, good.rows_read, good.requests_made
      from public.sync_runs as good
     where good.table_name = latest.table_name and good.status = 'complete'
       -- A backfill of past days says nothing of how fresh the table is.
       and (good.last_day is null or good.last_day >= (good.data_as_of at time zone 'utc')::date)
     order by good.data_as_of desc, good.started_at desc
     limit 1
  ) as complete on true
 order by latest.table_name, latest.started_at desc;

comment on view public.sync_status is
  'Grain: one raw table. How its latest read went, and the newest data it holds completely (NULL: never).';
comment on column public.sync_status.complete_as_of is 'The moment the newest complete data speaks of: what freshness is judged by.';

grant select on public.sync_status to service_role;

create function public.inspect_table(target_table text)
returns table (stored_rows bigint, listed_rows bigint, distinct_keys bigint, blank_keys bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $function$
declare
  target regclass := to_regclass(format('public.%I', target_table));
  key_row text;
  key_blank text;
begin
  select string_agg(format('%I', a.attname), ', '),
         string_agg(format('coalesce(btrim(%I::text), '''') = ''''', a.attname), ' or ')
    into key_row, key_blank
    from pg_catalog.pg_index i
    cross join lateral unnest(i.indkey::smallint[]) as k (attnum)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
   where i.indrelid = target and i.indisprimary;

  return query execute format($statement$
    select count(*), count(*) filter (where deleted_at is null), count(distinct (%2$s)), count(*) filter (where %3$s)
      from %1$s
  $statement$, target, key_row, key_blank);
end;
$function$;

comment on function public.inspect_table(text) is
  'Counts of a raw table for its checks: rows stored, rows the vendor still lists, different keys, keys with an empty part.';

create function public.describe_table(target_table text)
returns table (column_name text, data_type text, is_required boolean, is_key boolean, description text)
language sql
stable
security invoker
set search_path = ''
as $function$
  select a.attname::text,
         pg_catalog.format_type(a.atttypid, a.atttypmod),
         a.attnotnull,
         coalesce(a.attnum = any (i.indkey::smallint[]), false),
         coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '')
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary
   where a.attrelid = to_regclass(format('public.%I', target_table)) and a.attnum > 0 and not a.attisdropped
   order by a.attnum
$function$;

comment on function public.describe_table(text) is 'The columns of a table as its migration declares and comments them.';

revoke execute on function public.inspect_table(text), public.describe_table(text) from public, anon, authenticated;
grant execute on function public.inspect_table(text), public.describe_table(text) to service_role;

notify pgrst, 'reload schema';
