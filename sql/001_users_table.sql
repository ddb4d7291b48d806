-- Who may read and who may ask. One row per person of the team; `id` is the id Supabase Auth gave them (auth.uid()).
-- Everything else the pipeline keeps is for the service role alone until a later migration says otherwise.

create table public.users (
  id uuid not null,
  email text not null,
  full_name text not null default '',
  role text not null default 'viewer',
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint users_email_key unique (email),
  constraint users_email_is_normalised check (email = lower(btrim(email)) and email <> ''),
  constraint users_role_is_known check (role in ('viewer', 'operator', 'admin'))
);

comment on table public.users is
  'The team. Grain: one person. A viewer may read, an operator may also ask for runs, an admin may also change users.';
comment on column public.users.id is 'The id in Supabase Auth, what auth.uid() answers for this person.';
comment on column public.users.email is 'Lower case, trimmed.';

alter table public.users enable row level security;

grant select, insert, update, delete on table public.users to service_role;
grant select on table public.users to authenticated;

-- (select auth.uid()) is evaluated once a query instead of once a row.
create policy users_read_their_own_row on public.users
  for select to authenticated
  using (id = (select auth.uid()));

notify pgrst, 'reload schema';
