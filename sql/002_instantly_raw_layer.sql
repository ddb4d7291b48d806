-- What Instantly says, as it says it: typed columns for quick queries, the whole payload beside them.
-- `row_digest` is a hash of everything that was read for the row; merge_rows() leaves a row alone while it is the same.
-- `synced_at` is therefore when this version was read; when the table was last read at all stands in sync_runs (003).

create table public.instantly_campaigns_raw (
  instantly_campaign_id text not null,
  campaign_name text,
  campaign_status smallint,
  leads_count integer,
  contacted_count integer,
  reply_count integer,
  emails_sent_count integer,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_campaigns_raw_pkey primary key (instantly_campaign_id),
  constraint instantly_campaigns_raw_id_is_present check (instantly_campaign_id <> '')
);

comment on table public.instantly_campaigns_raw is
  'Grain: one campaign at Instantly. Source: GET /campaigns joined with GET /campaigns/analytics.';
comment on column public.instantly_campaigns_raw.campaign_status is
  '0 draft, 1 active, 2 paused, 3 completed, 4 running subsequences, -1 accounts unhealthy, -2 bounce protect, -99 account suspended; other numbers are kept as they come.';
comment on column public.instantly_campaigns_raw.leads_count is
  'NULL: Instantly gives no totals for a campaign that never sent.';
comment on column public.instantly_campaigns_raw.reply_count is
  'As Instantly counts it, automatic replies included.';
comment on column public.instantly_campaigns_raw.raw_json is
  '{"campaign": as GET /campaigns lists it or null, "analytics": its row of GET /campaigns/analytics or null}';

create table public.instantly_accounts_raw (
  email text not null,
  first_name text,
  last_name text,
  account_status smallint,
  warmup_status smallint,
  warmup_score numeric,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_accounts_raw_pkey primary key (email),
  constraint instantly_accounts_raw_email_is_normalised check (email = lower(btrim(email)) and email <> '')
);

comment on table public.instantly_accounts_raw is
  'Grain: one sending account (mailbox). Source: GET /accounts.';
comment on column public.instantly_accounts_raw.email is 'Lower case, trimmed; the address as Instantly spells it is in raw_json.';
comment on column public.instantly_accounts_raw.account_status is
  '1 active, 2 paused, 3 maintenance, -1 connection error, -2 soft bounce error, -3 sending error; NULL: not said, which is not healthy.';
comment on column public.instantly_accounts_raw.warmup_status is
  '0 paused, 1 active, -1 banned, -2 spam folder unknown, -3 permanent suspension.';
comment on column public.instantly_accounts_raw.warmup_score is '0 to 100; NULL: not said.';

create table public.instantly_daily_analytics_raw (
  analytics_date date not null,
  instantly_campaign_id text not null,
  sent integer,
  opened integer,
  unique_opened integer,
  replies integer,
  unique_replies integer,
  clicks integer,
  unique_clicks integer,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_daily_analytics_raw_pkey primary key (analytics_date, instantly_campaign_id),
  constraint instantly_daily_analytics_raw_id_is_present check (instantly_campaign_id <> '')
);

comment on table public.instantly_daily_analytics_raw is
  'Grain: one UTC day of one campaign, and one row a day for the whole workspace. Days without activity have no row. Source: GET /campaigns/analytics/daily.';
comment on column public.instantly_daily_analytics_raw.instantly_campaign_id is
  'The campaign, or ''workspace_total'' for the day''s total over all campaigns.';
comment on column public.instantly_daily_analytics_raw.replies is
  'As Instantly counts it; what is automatic in it is in raw_json (replies_automatic), absent in answers before 2026.';

create index instantly_daily_analytics_raw_campaign on public.instantly_daily_analytics_raw (instantly_campaign_id, analytics_date);

alter table public.instantly_campaigns_raw enable row level security;
alter table public.instantly_accounts_raw enable row level security;
alter table public.instantly_daily_analytics_raw enable row level security;

grant select, insert, update, delete
  on table public.instantly_campaigns_raw, public.instantly_accounts_raw, public.instantly_daily_analytics_raw
  to service_role;

-- One parameter without a name: PostgREST then hands over the body as it is, and the rows are parsed once instead of twice.
create function public.merge_rows(jsonb)
returns table (inserted bigint, updated bigint, unchanged bigint)
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  target_table text := $1->>'target_table';
  rows jsonb := $1->'rows';
  keep_existing boolean := coalesce(($1->'keep_existing')::boolean, false);
  target regclass := to_regclass(format('public.%I', target_table));
  key_columns text;
  key_match text;
  all_columns text;
  all_changes text;
begin
  select string_agg(format('%I', a.attname), ', ' order by k.ordinality),
         string_agg(format('stored.%1$I = incoming.%1$I', a.attname), ' and ' order by k.ordinality)
    into key_columns, key_match
    from pg_catalog.pg_index i
    cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, ordinality)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
   where i.indrelid = target and i.indisprimary;

  -- The database's own columns are never taken from outside: they have defaults, or belong to this function.
  select string_agg(format('%I', a.attname), ', ' order by a.attnum),
         string_agg(format('%1$I = excluded.%1$I', a.attname), ', ' order by a.attnum)
    into all_columns, all_changes
    from pg_catalog.pg_attribute a
   where a.attrelid = target and a.attnum > 0 and not a.attisdropped
     and a.attname not in ('created_at', 'updated_at', 'deleted_at');

  if key_columns is null or not exists (
    select from pg_catalog.pg_attribute a where a.attrelid = target and a.attname = 'row_digest' and not a.attisdropped
  ) then
    raise exception 'merge_rows: public.% is not a raw table (a primary key and row_digest are needed)', target_table
      using errcode = '42P01', hint = 'Run `outreach migrate`, or check the table name.';
  end if;

  -- Rows that are the same are never locked: they are left out before ON CONFLICT would lock them.
  return query execute format($statement$
    with incoming as materialized (
      select * from jsonb_populate_recordset(null::%1$s, $1)
    ), written as (
      insert into %1$s (%2$s)
      select %2$s from incoming
       where not exists (
         select from %1$s as stored
          where %3$s and (stored.row_digest = incoming.row_digest and stored.deleted_at is null or $2)
       )
       order by %4$s
      on conflict (%4$s) do update set %5$s, updated_at = now(), deleted_at = null
      returning (xmax = 0) as is_new
    )
    select count(*) filter (where is_new),
           count(*) filter (where not is_new),
           (select count(*) from incoming) - count(*)
      from written
  $statement$, target, all_columns, key_match, key_columns, all_changes)
  using rows, keep_existing;
end;
$function$;

comment on function public.merge_rows(jsonb) is
  '{"target_table", "rows", "keep_existing"}: merges an array of rows into a raw table by its primary key, in one transaction. A row whose digest is stored already is not touched. keep_existing: stored rows win (the array is older than the table). A key twice in one array is refused (21000). Safe to run twice.';

create function public.mark_deleted(target_table text, keys jsonb)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  target regclass := to_regclass(format('public.%I', target_table));
  key_match text;
  marked bigint;
begin
  select string_agg(format('stored.%1$I = missing.%1$I', a.attname), ' and ')
    into key_match
    from pg_catalog.pg_index i
    cross join lateral unnest(i.indkey::smallint[]) as k (attnum)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
   where i.indrelid = target and i.indisprimary;

  if key_match is null then
    raise exception 'mark_deleted: public.% is not a raw table (a primary key is needed)', target_table
      using errcode = '42P01', hint = 'Run `outreach migrate`, or check the table name.';
  end if;

  execute format($statement$
    update %1$s as stored
       set deleted_at = now(), updated_at = now()
      from jsonb_populate_recordset(null::%1$s, $1) as missing
     where %2$s and stored.deleted_at is null
  $statement$, target, key_match) using keys;
  get diagnostics marked = row_count;
  return marked;
end;
$function$;

comment on function public.mark_deleted(text, jsonb) is
  'Marks rows that the vendor no longer lists, given as an array of key objects; answers how many were newly marked. Safe to run twice. Call it only after a complete read.';

revoke execute on function public.merge_rows(jsonb), public.mark_deleted(text, jsonb)
  from public, anon, authenticated;
grant execute on function public.merge_rows(jsonb), public.mark_deleted(text, jsonb)
  to service_role;

notify pgrst, 'reload schema';
