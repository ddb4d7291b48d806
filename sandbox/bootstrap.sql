-- What a fresh Supabase project holds, as far as the data API needs it. Runs at every start, in one transaction,
-- as the superuser; safe to run again. A setting somebody changed later is kept: settings go with the creation.

do $$
begin
    if not exists (select from pg_roles where rolname = 'postgres') then
        create role postgres login createdb createrole replication bypassrls;
        alter database postgres owner to postgres;
        alter database postgres set search_path to "$user", public, extensions;
        grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
    end if;
    if not exists (select from pg_roles where rolname = 'anon') then
        create role anon nologin noinherit;
        alter role anon set statement_timeout = '3s';
    end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then
        create role authenticated nologin noinherit;
        alter role authenticated set statement_timeout = '8s';
    end if;
    if not exists (select from pg_roles where rolname = 'service_role') then
        -- No timeout of its own: through the API it falls back to the authenticator's.
        create role service_role nologin noinherit bypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'authenticator') then
        create role authenticator login noinherit;
        alter role authenticator set statement_timeout = '8s';
        grant anon, authenticated, service_role to authenticator;
        -- Migrations run as postgres and may change the API roles, for example their timeouts.
        grant anon, authenticated, service_role, authenticator to postgres with admin option;
    end if;
end
$$;

-- Tables made in public are given to nobody automatically: each migration grants what it means to.
grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to postgres with grant option;

create schema if not exists auth;
grant usage on schema auth to postgres, anon, authenticated, service_role;

create or replace function auth.jwt() returns jsonb
language sql stable
as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;
comment on function auth.jwt() is 'The claims of the token that came with the API request; NULL outside one.';

create or replace function auth.uid() returns uuid
language sql stable
as $$
    select (auth.jwt() ->> 'sub')::uuid
$$;
comment on function auth.uid() is 'Who is signed in: the subject of the token; NULL for anonymous and secret keys.';

create or replace function auth.role() returns text
language sql stable
as $$
    select auth.jwt() ->> 'role'
$$;
comment on function auth.role() is 'The database role the token asked for.';
