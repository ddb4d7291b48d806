-- The rest of Instantly, as it says it; what 002 says of the last columns of its tables holds here as well.
-- `workspace_id` is the workspace that a row was read from: one project holds one workspace.

alter table public.instantly_campaigns_raw add column workspace_id text;
alter table public.instantly_accounts_raw add column workspace_id text;
alter table public.instantly_daily_analytics_raw add column workspace_id text;

create table public.instantly_workspaces_raw (
  workspace_id text not null,
  workspace_name text,
  plan_name text,
  lead_limit integer,
  lead_count integer,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_workspaces_raw_pkey primary key (workspace_id),
  constraint instantly_workspaces_raw_id_is_present check (workspace_id <> '')
);

comment on table public.instantly_workspaces_raw is
  'Grain: one workspace; a project holds exactly one. Source: GET /workspaces/current and GET /workspace-billing/plan-details.';
comment on column public.instantly_workspaces_raw.lead_limit is
  'Leads that the plan has room for; NULL: not said.';
comment on column public.instantly_workspaces_raw.raw_json is
  '{"workspace": …, "plan": …}';

create table public.instantly_account_warmup_raw (
  email text not null,
  sent integer,
  received integer,
  landed_inbox integer,
  landed_spam integer,
  health_score numeric,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_account_warmup_raw_pkey primary key (email),
  constraint instantly_account_warmup_raw_email_is_normalised check (email = lower(btrim(email)) and email <> '')
);

comment on table public.instantly_account_warmup_raw is
  'Grain: one sending account. Warm-up mails of the recent days. Source: POST /accounts/warmup-analytics.';
comment on column public.instantly_account_warmup_raw.health_score is
  '0 to 100; NULL: not said, which is not healthy.';
comment on column public.instantly_account_warmup_raw.raw_json is
  '{"email": …, "total": sums of the recent days, "days": by date}';

create table public.instantly_account_daily_raw (
  analytics_date date not null,
  email text not null,
  bounced integer,
  contacted integer,
  new_leads_contacted integer,
  sent integer,
  opened integer,
  unique_opened integer,
  replies integer,
  unique_replies integer,
  replies_automatic integer,
  unique_replies_automatic integer,
  clicks integer,
  unique_clicks integer,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_account_daily_raw_pkey primary key (analytics_date, email),
  constraint instantly_account_daily_raw_email_is_normalised check (email = lower(btrim(email)) and email <> '')
);

comment on table public.instantly_account_daily_raw is
  'Grain: one UTC day of one sending account. Days without activity have no row. Source: GET /accounts/analytics/daily.';
comment on column public.instantly_account_daily_raw.replies is
  'Automatic replies included.';
create index instantly_account_daily_raw_email on public.instantly_account_daily_raw (email, analytics_date);

create table public.instantly_steps_raw (
  instantly_campaign_id text not null,
  step text not null,
  variant text not null,
  sent integer,
  opened integer,
  unique_opened integer,
  replies integer,
  unique_replies integer,
  replies_automatic integer,
  unique_replies_automatic integer,
  clicks integer,
  unique_clicks integer,
  opportunities integer,
  unique_opportunities integer,
  meetings_booked integer,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_steps_raw_pkey primary key (instantly_campaign_id, step, variant),
  constraint instantly_steps_raw_key_is_present check (instantly_campaign_id <> '' and step <> '' and variant <> '')
);

comment on table public.instantly_steps_raw is
  'Grain: one variant of one step of one campaign, over all time. Source: GET /campaigns/analytics/steps.';
comment on column public.instantly_steps_raw.step is
  'Counted from 0; ''none'' where Instantly names no step.';
comment on column public.instantly_steps_raw.variant is
  '0 is A; ''none'' where Instantly names no variant.';
comment on column public.instantly_steps_raw.raw_json is
  '{"campaign_id": …, "step": as answered}';

create table public.instantly_leads_raw (
  instantly_lead_id text not null,
  instantly_campaign_id text,
  instantly_list_id text,
  email text,
  company_domain text,
  lead_status smallint,
  interest_status integer,
  verification_status smallint,
  email_open_count integer,
  email_reply_count integer,
  email_click_count integer,
  lead_created_at timestamptz,
  last_contacted_at timestamptz,
  last_replied_at timestamptz,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_leads_raw_pkey primary key (instantly_lead_id),
  constraint instantly_leads_raw_id_is_present check (instantly_lead_id <> '')
);

comment on table public.instantly_leads_raw is
  'Grain: one lead, which is one address in one campaign or list: the same person in three campaigns is three rows. Source: POST /leads/list, swept by campaign and by list.';
comment on column public.instantly_leads_raw.email is
  'Lower case, trimmed; NULL: a lead of a list may have none.';
comment on column public.instantly_leads_raw.lead_status is
  '1 active, 2 paused, 3 completed, -1 bounced, -2 unsubscribed, -3 skipped; 0 was seen for leads of lists.';
comment on column public.instantly_leads_raw.interest_status is
  '0 out of office, 1 interested, 2 meeting booked, 3 meeting completed, 4 won, -1 not interested, -2 wrong person, -3 lost, -4 no show, other numbers are labels (instantly_lead_labels_raw); NULL: a plain lead.';
comment on column public.instantly_leads_raw.verification_status is
  '1 verified, 11 and 12 pending, -1 invalid, -2 risky, -3 catch-all, -4 job change; NULL: not verified.';
create index instantly_leads_raw_campaign on public.instantly_leads_raw (instantly_campaign_id) where deleted_at is null;
create index instantly_leads_raw_list on public.instantly_leads_raw (instantly_list_id) where deleted_at is null;
create index instantly_leads_raw_email on public.instantly_leads_raw (email);
create index instantly_leads_raw_updated on public.instantly_leads_raw (updated_at);

create table public.instantly_emails_raw (
  instantly_email_id text not null,
  instantly_campaign_id text,
  lead_email text,
  sender_email text,
  email_type smallint,
  is_auto_reply boolean,
  interest_status integer,
  thread_id text,
  step text,
  email_sent_at timestamptz,
  email_stored_at timestamptz,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_emails_raw_pkey primary key (instantly_email_id),
  constraint instantly_emails_raw_id_is_present check (instantly_email_id <> '')
);

comment on table public.instantly_emails_raw is
  'Grain: one mail of the Unibox: what leads answered, and what it answers. Source: GET /emails, by a window of time.';
comment on column public.instantly_emails_raw.email_type is
  '1 sent by a campaign, 2 received, 3 sent by hand, 4 scheduled.';
comment on column public.instantly_emails_raw.email_sent_at is
  'The header''s time, which can be wrong.';
comment on column public.instantly_emails_raw.email_stored_at is
  'When Instantly stored it: what the window is read by.';
create index instantly_emails_raw_campaign on public.instantly_emails_raw (instantly_campaign_id, created_at);
create index instantly_emails_raw_lead on public.instantly_emails_raw (lead_email);
create index instantly_emails_raw_stored on public.instantly_emails_raw (email_stored_at);

create table public.instantly_block_list_raw (
  instantly_block_list_entry_id text not null,
  blocked_value text not null,
  is_domain boolean,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_block_list_raw_pkey primary key (instantly_block_list_entry_id),
  constraint instantly_block_list_raw_id_is_present check (instantly_block_list_entry_id <> '')
);

comment on table public.instantly_block_list_raw is
  'Grain: one entry of the workspace''s block list. Source: GET /block-lists-entries.';
comment on column public.instantly_block_list_raw.blocked_value is
  'An address or a domain, lower case, trimmed.';
create index instantly_block_list_raw_value on public.instantly_block_list_raw (blocked_value);

create table public.instantly_tags_raw (
  instantly_tag_id text not null,
  tag_label text,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_tags_raw_pkey primary key (instantly_tag_id),
  constraint instantly_tags_raw_id_is_present check (instantly_tag_id <> '')
);

comment on table public.instantly_tags_raw is
  'Grain: one tag. Source: GET /custom-tags.';

create table public.instantly_tag_mappings_raw (
  instantly_tag_mapping_id text not null,
  instantly_tag_id text,
  resource_id text,
  resource_type smallint,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_tag_mappings_raw_pkey primary key (instantly_tag_mapping_id),
  constraint instantly_tag_mappings_raw_id_is_present check (instantly_tag_mapping_id <> '')
);

comment on table public.instantly_tag_mappings_raw is
  'Grain: one tag on one campaign or account. Source: GET /custom-tag-mappings.';
comment on column public.instantly_tag_mappings_raw.resource_id is
  'A campaign''s id or an account''s address.';
comment on column public.instantly_tag_mappings_raw.resource_type is
  '1 account, 2 campaign.';

create table public.instantly_lead_labels_raw (
  instantly_lead_label_id text not null,
  label_name text,
  label_kind text,
  interest_status integer,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_lead_labels_raw_pkey primary key (instantly_lead_label_id),
  constraint instantly_lead_labels_raw_id_is_present check (instantly_lead_label_id <> '')
);

comment on table public.instantly_lead_labels_raw is
  'Grain: one label that the workspace made for its leads. Source: GET /lead-labels.';
comment on column public.instantly_lead_labels_raw.label_kind is
  'positive, negative or neutral.';
comment on column public.instantly_lead_labels_raw.interest_status is
  'The number found in instantly_leads_raw.interest_status.';

create table public.instantly_lead_lists_raw (
  instantly_list_id text not null,
  list_name text,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_lead_lists_raw_pkey primary key (instantly_list_id),
  constraint instantly_lead_lists_raw_id_is_present check (instantly_list_id <> '')
);

comment on table public.instantly_lead_lists_raw is
  'Grain: one lead list. Source: GET /lead-lists.';

create table public.instantly_background_jobs_raw (
  instantly_job_id text not null,
  job_type text,
  job_status text,
  progress numeric,
  entity_type text,
  entity_id text,
  job_updated_at timestamptz,
  workspace_id text,
  raw_json jsonb not null,
  row_digest text not null,
  synced_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint instantly_background_jobs_raw_pkey primary key (instantly_job_id),
  constraint instantly_background_jobs_raw_id_is_present check (instantly_job_id <> '')
);

comment on table public.instantly_background_jobs_raw is
  'Grain: one background job of the workspace. Source: GET /background-jobs, newest first until one older than the last read.';
comment on column public.instantly_background_jobs_raw.job_status is
  'success does not mean that every item worked; raw_json.data holds the counts.';

alter table public.instantly_workspaces_raw enable row level security;
alter table public.instantly_account_warmup_raw enable row level security;
alter table public.instantly_account_daily_raw enable row level security;
alter table public.instantly_steps_raw enable row level security;
alter table public.instantly_leads_raw enable row level security;
alter table public.instantly_emails_raw enable row level security;
alter table public.instantly_block_list_raw enable row level security;
alter table public.instantly_tags_raw enable row level security;
alter table public.instantly_tag_mappings_raw enable row level security;
alter table public.instantly_lead_labels_raw enable row level security;
alter table public.instantly_lead_lists_raw enable row level security;
alter table public.instantly_background_jobs_raw enable row level security;

grant select, insert, update, delete on table
  public.instantly_workspaces_raw,
  public.instantly_account_warmup_raw,
  public.instantly_account_daily_raw,
  public.instantly_steps_raw,
  public.instantly_leads_raw,
  public.instantly_emails_raw,
  public.instantly_block_list_raw,
  public.instantly_tags_raw,
  public.instantly_tag_mappings_raw,
  public.instantly_lead_labels_raw,
  public.instantly_lead_lists_raw,
  public.instantly_background_jobs_raw
  to service_role;

create table public.instantly_api_keys (
  key_digest text not null,
  workspace_id text not null,
  created_at timestamptz not null default now(),
  constraint instantly_api_keys_pkey primary key (key_digest)
);

comment on table public.instantly_api_keys is
  'Grain: one key that was used here, and the workspace it opens. A key of another workspace is refused, so that two never mix.';
comment on column public.instantly_api_keys.key_digest is 'A hash; the key itself is kept nowhere.';

alter table public.instantly_api_keys enable row level security;
grant select, insert, update, delete on table public.instantly_api_keys to service_role;

notify pgrst, 'reload schema';
