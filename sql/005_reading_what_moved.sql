-- Spending requests and statements where things move: which rows are new, which campaigns are due, what a read covered.

alter table public.sync_runs add column pages_read integer;
comment on column public.sync_runs.pages_read is 'Pages or answers of the vendor that were taken in; NULL: not counted.';
comment on column public.sync_runs.scope is
  'What was read: ''all'', ''due'' (the parts that were due), ''window'' (what is new), a range of days as 2026-11-01...2026-11-20, or one part as campaign:<id> or list:<id>.';

-- The latest complete read of each part is looked up for every campaign, every hour.
create index sync_runs_complete_parts on public.sync_runs (table_name, scope, started_at desc) where status = 'complete';
-- What people and freshness look at are the reads of whole tables; the parts are a hundred times as many.
create index sync_runs_of_tables on public.sync_runs (table_name, started_at desc) where scope not like '%:%';

create function public.changed_rows(jsonb)
returns table (place bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $function$
declare
  target_table text := $1->>'target_table';
  target regclass := to_regclass(format('public.%I', target_table));
  key_match text;
  key_count integer;
begin
  select string_agg(
           format('stored.%I = (incoming.parts->>%s)::%s', a.attname, k.place - 1, format_type(a.atttypid, a.atttypmod)),
           ' and ' order by k.place
         ),
         count(*)
    into key_match, key_count
    from pg_catalog.pg_index i
    cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
   where i.indrelid = target and i.indisprimary;

  if key_match is null then
    raise exception 'changed_rows: public.% is not a raw table (a primary key is needed)', target_table
      using errcode = '42P01', hint = 'Run `outreach migrate`, or check the table name.';
  end if;

  return query execute format($statement$
    select incoming.place - 1
      from jsonb_array_elements($1) with ordinality as incoming (parts, place)
     where not exists (
       select from %1$s as stored
        where %2$s and stored.row_digest = incoming.parts->>%3$s and stored.deleted_at is null
     )
  $statement$, target, key_match, key_count) using $1->'rows';
end;
$function$;

comment on function public.changed_rows(jsonb) is
  '{"target_table", "rows": [[key columns in order, digest]]}: the places, from 0, of the rows that are not stored as they are. What merge_rows() would not touch need not be sent to it.';

create function public.campaigns_to_read(target_table text, with_active boolean, idle_hours integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  with containers as (
    select 'campaign:' || c.instantly_campaign_id as scope,
           c.instantly_campaign_id,
           null::text as instantly_list_id,
           c.leads_count as expected_rows,
           -- Draft, paused and completed stand still until somebody acts; every other status, unseen ones too, may send.
           c.campaign_status is null or c.campaign_status not in (0, 2, 3) as is_active,
           c.updated_at as changed_at
      from public.instantly_campaigns_raw as c
     where c.deleted_at is null
       -- Instantly has statistics of those that ever sent; it has leads of all.
       and (with_active or c.contacted_count is not null)
    union all
    select 'list:' || l.instantly_list_id, null, l.instantly_list_id, null, false, l.updated_at
      from public.instantly_lead_lists_raw as l
     where l.deleted_at is null and with_active
  ), judged as (
    select containers.*, good.started_at as read_at, latest.status as latest_status
      from containers
      left join lateral (
        select r.started_at
          from public.sync_runs as r
         where r.table_name = target_table and r.scope = containers.scope and r.status = 'complete'
         order by r.started_at desc
         limit 1
      ) as good on true
      left join lateral (
        select r.status
          from public.sync_runs as r
         where r.table_name = target_table and r.scope = containers.scope
         order by r.started_at desc
         limit 1
      ) as latest on true
  ), reasoned as (
    select judged.*,
           case
             when read_at is null then 'never read'
             when latest_status <> 'complete' then 'last read was incomplete'
             when with_active and is_active then 'active'
             when changed_at > read_at then 'campaign changed'
             when exists (
               select from public.instantly_emails_raw as e
                where e.instantly_campaign_id = judged.instantly_campaign_id and e.created_at > judged.read_at
             ) then 'new mails'
             when read_at <= now() - make_interval(hours => idle_hours) then 'daily'
           end as reason
      from judged
  )
  -- One value, because the API cuts lists at a thousand rows. The largest first: the last reader to finish then has the
  -- least left to do.
  select coalesce(jsonb_agg(to_jsonb(due) order by due.expected_rows desc nulls last, due.scope), '[]')
    from (
      select scope, instantly_campaign_id, instantly_list_id, expected_rows, reason from reasoned where reason is not null
    ) as due
$function$;

comment on function public.campaigns_to_read(text, boolean, integer) is
  '[{"scope", "instantly_campaign_id", "instantly_list_id", "expected_rows", "reason"}]: campaigns and lists whose rows in a table are due to be read again. with_active: those that may send are always due, and lists and drafts count (leads); without, only what changed (statistics). All times are the database''s own.';

create function public.rows_of_last_reads(target_table text, scopes jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_object_agg(part.scope, good.rows_read), '{}')
    from jsonb_array_elements_text(scopes) as part (scope)
    cross join lateral (
      select r.rows_read
        from public.sync_runs as r
       where r.table_name = target_table and r.scope = part.scope and r.status = 'complete' and r.rows_read is not null
       order by r.started_at desc
       limit 1
    ) as good
$function$;

comment on function public.rows_of_last_reads(text, jsonb) is
  '{scope: rows of its last complete read}; a scope that was never read completely is left out.';

create function public.note_parts_read(parent_id uuid, scopes jsonb)
returns void
language sql
security invoker
set search_path = ''
as $function$
  insert into public.sync_runs (
    table_name, scope, source, orchestrator_run_id, started_at, finished_at, data_as_of, status
  )
  select r.table_name, part.scope, r.source, r.orchestrator_run_id, r.started_at, r.finished_at, r.data_as_of, r.status
    from public.sync_runs as r
    cross join lateral jsonb_array_elements_text(scopes) as part (scope)
   where r.id = parent_id and r.status = 'complete'
     and not exists (
       select from public.sync_runs as known
        where known.table_name = r.table_name and known.scope = part.scope and known.started_at = r.started_at
     )
$function$;

comment on function public.note_parts_read(uuid, jsonb) is
  'Notes the parts that one complete read covered, so that each is known to be read. Safe to run twice.';

drop view public.sync_status;
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
       -- One part alone says nothing of the table; nor does a backfill of past days say how fresh it is.
       and good.scope not like '%:%'
       and (good.last_day is null or good.last_day >= (good.data_as_of at time zone 'utc')::date)
     order by good.data_as_of desc, good.started_at desc
     limit 1
  ) as complete on true
 where latest.scope not like '%:%'
 order by latest.table_name, latest.started_at desc;

comment on view public.sync_status is
  'Grain: one table. How its latest read went, and the newest data it holds completely (NULL: never). Reads of single parts are left out.';
comment on column public.sync_status.complete_as_of is 'The moment the newest complete data speaks of: what freshness is judged by.';

grant select on public.sync_status to service_role;

create function public.short_reads(target_table text, smallest_share numeric)
returns table (scope text, rows_read bigint, rows_before bigint)
language sql
stable
security invoker
set search_path = ''
as $function$
  select latest.scope, latest.rows_read, latest.rows_before
    from (
      select distinct on (r.scope) r.scope, r.rows_read,
             lead(r.rows_read) over (partition by r.scope order by r.started_at desc) as rows_before
        from public.sync_runs as r
       where r.table_name = target_table and r.status = 'complete' and r.rows_read is not null and r.scope not in ('due', 'window')
       order by r.scope, r.started_at desc
    ) as latest
   where latest.rows_read < smallest_share * latest.rows_before
$function$;

comment on function public.short_reads(text, numeric) is
  'The parts of a table whose latest complete read had fewer rows than that share of the one before.';

revoke execute on function
  public.changed_rows(jsonb), public.campaigns_to_read(text, boolean, integer),
  public.rows_of_last_reads(text, jsonb), public.note_parts_read(uuid, jsonb), public.short_reads(text, numeric)
  from public, anon, authenticated;
grant execute on function
  public.changed_rows(jsonb), public.campaigns_to_read(text, boolean, integer),
  public.rows_of_last_reads(text, jsonb), public.note_parts_read(uuid, jsonb), public.short_reads(text, numeric)
  to service_role;

notify pgrst, 'reload schema';
