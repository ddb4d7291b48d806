from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import httpx
import jwt
import psutil
import psycopg
import pytest
from postgrest import CountMethod, ReturnMethod
from supabase import ClientOptions, PostgrestAPIError, create_client

from sandbox.gateway import Settings, create_app
from sandbox.gateway_keys import sign_token
from sandbox.local_supabase import LocalSupabase, SupabaseEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supabase import Client

USER_ID = "6f1c2a54-0f8b-4a3e-9a51-2f6f6d1f0c11"

SCHEMA = """
create table public.things (id bigint primary key, name text not null default '');
alter table public.things enable row level security;
grant select, insert, update, delete on public.things to service_role;
insert into public.things select n, 'thing ' || n from generate_series(1, 1500) as n;

create table public.own_notes (owner uuid not null default auth.uid(), note text not null);
alter table public.own_notes enable row level security;
grant select, insert on public.own_notes to authenticated;
create policy own on public.own_notes to authenticated using (owner = auth.uid()) with check (owner = auth.uid());

create table public.not_granted (id bigint primary key);

create function public.who_am_i() returns jsonb language sql stable
as $$ select jsonb_build_object('role', current_user, 'uid', auth.uid(), 'claim', auth.role()) $$;
create function public.echo_size(body json) returns int language sql as $$ select length(body ->> 'text') $$;
create function public.my_timeout() returns text language sql stable
as $$ select current_setting('statement_timeout') $$;
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSupabase]:
    supabase = LocalSupabase(tmp_path_factory.mktemp("gateway"), durable=False)
    try:
        environment = supabase.up()
        run_sql(environment, SCHEMA)
        # The data API needs the new schema before the first test: the same message a migration ends with.
        run_sql(environment, "notify pgrst, 'reload schema'")
        with httpx.Client(base_url=f"{environment.url}/rest/v1", headers=key_headers(environment.secret_key)) as http:
            wait_for_status(http, "/rpc/who_am_i", 200)
        yield supabase
    finally:
        supabase.down()


@pytest.fixture
def environment(local: LocalSupabase) -> SupabaseEnvironment:
    return local.up()


@pytest.fixture
def http(environment: SupabaseEnvironment) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{environment.url}/rest/v1", timeout=20) as client:
        yield client


@pytest.fixture
def client(environment: SupabaseEnvironment) -> Iterator[Client]:
    with httpx.Client(timeout=20) as transport:
        options = ClientOptions(httpx_client=transport, auto_refresh_token=False, persist_session=False)
        yield create_client(environment.url, environment.secret_key, options)


def key_headers(key: str, bearer: str | None = None) -> dict[str, str]:
    return {"apikey": key, "Authorization": f"Bearer {bearer or key}"}


def run_sql(environment: SupabaseEnvironment, statements: str) -> None:
    with psycopg.connect(environment.database_url, autocommit=True) as connection:
        connection.execute(statements.encode())


def wait_for_status(http: httpx.Client, path: str, status: int) -> httpx.Response:
    deadline_s = time.monotonic() + 10
    while (response := http.get(path)).status_code != status and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert response.status_code == status, response.text
    return response


def test_a_secret_key_is_the_service_role_and_a_publishable_key_is_anonymous(
    http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    service = http.get("/rpc/who_am_i", headers=key_headers(environment.secret_key)).json()
    anonymous = http.get("/rpc/who_am_i", headers={"apikey": environment.publishable_key}).json()
    assert service == {"role": "service_role", "uid": None, "claim": "service_role"}
    assert anonymous == {"role": "anon", "uid": None, "claim": "anon"}


def test_a_user_token_beside_the_publishable_key_is_that_user(
    http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    headers = key_headers(environment.publishable_key, environment.user_token(USER_ID))
    assert http.get("/rpc/who_am_i", headers=headers).json() == {
        "role": "authenticated",
        "uid": USER_ID,
        "claim": "authenticated",
    }


def test_a_user_token_outranks_even_the_secret_key(http: httpx.Client, environment: SupabaseEnvironment) -> None:
    headers = key_headers(environment.secret_key, environment.user_token(USER_ID))
    assert http.get("/rpc/who_am_i", headers=headers).json()["role"] == "authenticated"


def test_a_user_sees_only_rows_a_policy_gives(http: httpx.Client, environment: SupabaseEnvironment) -> None:
    mine = key_headers(environment.publishable_key, environment.user_token(USER_ID))
    other = key_headers(environment.publishable_key, environment.user_token("00000000-0000-4000-8000-000000000002"))
    assert http.post("/own_notes", json={"note": "mine"}, headers=mine).status_code == 201
    assert [row["note"] for row in http.get("/own_notes", headers=mine).json()] == ["mine"]
    assert http.get("/own_notes", headers=other).json() == []
    assert http.get("/own_notes", headers={"apikey": environment.publishable_key}).status_code == 401


def test_a_forged_or_expired_user_token_is_refused_by_the_data_api(
    http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    forged = jwt.encode({"role": "service_role"}, "x" * 40, algorithm="HS256")
    expired = environment.user_token(USER_ID, exp=1)
    for token in (forged, expired):
        response = http.get("/rpc/who_am_i", headers=key_headers(environment.publishable_key, token))
        assert response.status_code == 401
        assert response.json()["code"] in {"PGRST301", "PGRST303"}


def test_a_token_of_the_project_serves_as_key_and_a_foreign_one_does_not(
    http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    legacy = sign_token(environment.jwt_secret, role="service_role")
    assert http.get("/rpc/who_am_i", headers={"apikey": legacy}).json()["role"] == "service_role"
    foreign = jwt.encode({"role": "service_role"}, "x" * 40, algorithm="HS256")
    refused = http.get("/rpc/who_am_i", headers={"apikey": foreign})
    assert refused.status_code == 401
    assert refused.json()["message"] == "Invalid API key"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer something"}])
def test_a_request_without_key_is_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    response = http.get("/things", headers=headers)
    assert response.status_code == 401
    assert response.json()["message"] == "No API key found in request"
    assert response.json()["hint"]


def test_an_unknown_key_is_refused_without_being_repeated(http: httpx.Client) -> None:
    response = http.get("/things", headers=key_headers("sb_secret_invented"))
    assert response.status_code == 401
    assert response.json()["message"] == "Invalid API key"
    assert "invented" not in response.text


def test_a_secret_key_from_a_browser_is_refused_and_a_publishable_one_is_not(
    http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    assert http.get("/things", headers=key_headers(environment.secret_key) | browser).status_code == 401
    headers = key_headers(environment.publishable_key) | browser
    assert http.get("/rpc/who_am_i", headers=headers).status_code == 200


def test_a_browser_may_ask_beforehand_without_a_key(http: httpx.Client) -> None:
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    response = http.options("/things", headers=asked | {"Access-Control-Request-Headers": "apikey"})
    assert response.status_code == 200
    assert "apikey" in response.headers["access-control-allow-headers"].lower()


def test_the_supabase_client_writes_reads_counts_and_calls(client: Client) -> None:
    rows = [{"id": number, "name": f"written {number}"} for number in (9001, 9002)]
    table = client.table("things")
    written = table.upsert(rows, on_conflict="id", returning=ReturnMethod.minimal, count=CountMethod.exact).execute()
    assert written.count == 2
    read = client.table("things").select("*").in_("name", ["written 9001", 'with "quotes", and %']).execute()
    assert read.data == [rows[0]]
    client.table("things").update({"name": "changed"}).eq("id", 9002).execute()
    assert (
        client.table("things").select("id", count=CountMethod.exact, head=True).eq("name", "changed").execute().count
        == 1
    )
    deleted = client.table("things").delete().gte("id", 9001).execute()
    assert len(deleted.data) == 2
    called = client.rpc("who_am_i", {}).execute().data
    assert isinstance(called, dict)
    assert called["role"] == "service_role"


def test_an_error_of_the_database_reaches_the_client_with_its_code(client: Client) -> None:
    with pytest.raises(PostgrestAPIError) as caught:
        client.table("things").insert({"id": 1}).execute()
    assert caught.value.code == "23505"


def test_a_new_table_is_given_to_nobody_not_even_to_the_service_role(client: Client) -> None:
    with pytest.raises(PostgrestAPIError) as caught:
        client.table("not_granted").select("*").execute()
    assert caught.value.code == "42501"


def test_an_answer_is_cut_at_a_thousand_rows_as_in_a_hosted_project(client: Client) -> None:
    response = client.table("things").select("id", count=CountMethod.exact).limit(5000).execute()
    assert len(response.data) == 1000
    assert response.count is not None
    assert response.count >= 1500


def test_a_new_table_is_served_after_the_reload_message(http: httpx.Client, environment: SupabaseEnvironment) -> None:
    http.headers.update(key_headers(environment.secret_key))
    assert http.get("/late").status_code == 404
    run_sql(environment, "create table late (id int); grant select on late to service_role")
    run_sql(environment, "notify pgrst, 'reload schema'")
    assert wait_for_status(http, "/late", 200).json() == []


def test_each_role_works_under_the_timeout_of_a_hosted_project(
    http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    user = key_headers(environment.publishable_key, environment.user_token(USER_ID))
    assert http.get("/rpc/my_timeout", headers={"apikey": environment.publishable_key}).json() == "3s"
    assert http.get("/rpc/my_timeout", headers=user).json() == "8s"
    assert http.get("/rpc/my_timeout", headers=key_headers(environment.secret_key)).json() == "8s"


def test_query_head_and_answer_headers_pass_unchanged(http: httpx.Client, environment: SupabaseEnvironment) -> None:
    headers = key_headers(environment.secret_key) | {"Prefer": "count=exact"}
    response = http.head("/things?select=id&name=like.thing%201*&limit=10", headers=headers)
    assert response.status_code == 206
    assert response.content == b""
    assert response.headers["content-range"].startswith("0-9/")
    assert response.headers["server"].startswith("postgrest")


def test_a_head_request_is_the_last_on_its_connection_because_postgrest_hangs_up_after_it() -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    async def ask() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            app = create_app(Settings(postgrest_port=port, secret_key="s", publishable_key="p", jwt_secret="x" * 40))
            transport = httpx.ASGITransport(app)
            async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
                for path in ("/rest/v1/things", "/health"):
                    assert (await client.head(f"http://gateway{path}", headers={"apikey": "s"})).status_code == 200

    asyncio.run(ask())
    assert [b"connection: close" in request.lower() for request in seen] == [True, True]


def test_the_wanted_format_reaches_the_data_api(http: httpx.Client, environment: SupabaseEnvironment) -> None:
    singular = {"Accept": "application/vnd.pgrst.object+json"}
    one = http.get("/things?id=eq.7", headers=key_headers(environment.secret_key) | singular)
    assert one.json() == {"id": 7, "name": "thing 7"}


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_five_megabytes_arrives_whole(
    http: httpx.Client, environment: SupabaseEnvironment, *, is_chunked: bool
) -> None:
    body = json.dumps({"body": {"text": "x" * 5_000_000}}).encode()
    content = iter([body[:100_000], body[100_000:]]) if is_chunked else body
    headers = key_headers(environment.secret_key) | {"Content-Type": "application/json"}
    response = http.post("/rpc/echo_size", content=content, headers=headers)
    assert response.json() == 5_000_000


def test_health_and_unknown_paths_need_no_key(environment: SupabaseEnvironment) -> None:
    assert httpx.get(f"{environment.url}/health").status_code == 200
    assert httpx.get(f"{environment.url}/auth/v1/user").status_code == 404


def test_without_postgrest_the_gateway_answers_503_with_a_code(
    local: LocalSupabase, http: httpx.Client, environment: SupabaseEnvironment
) -> None:
    process_id = json.loads((local.folder / "postgrest.json").read_text())["pid"]
    psutil.Process(process_id).kill()
    response = wait_for_status(http, f"{environment.url}/health", 503)
    refused = http.get("/things", headers=key_headers(environment.secret_key))
    assert refused.status_code == response.status_code == 503
    assert refused.json()["code"] == "GATEWAY_UPSTREAM"
