"""Supabase down, slow, restarted, its answers lost on the way: nothing untrue stands, and the next read is right."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

import psycopg
import pytest

from modules.instantly.instantly_rows import ACCOUNTS
from modules.instantly.instantly_transform import transform_accounts
from modules.shared.errors import PermanentError, RetryableError
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from modules.supabase.table_sync import sync_table
from tests.fakes.instantly_reading import LONG_AGO, Bench, OpenTransport, stored
from tests.fakes.instantly_server import instantly_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.instantly_server import InstantlyServer

ENTITIES = ("accounts", "steps", "leads", "emails")
"""One that is read whole, one by the campaigns that are due, one in parts, one by a window."""


class Fault(NamedTuple):
    """What befalls a call.

    Attributes:
        answer: Status, headers and body in the place of Supabase's answer.
        cut: Where the connection ends: before the call is passed on, after its effect, in the middle of the answer.
        late_s: How late the answer is.
        first: Done before anything else.
    """

    answer: tuple[int, dict[str, str], bytes] | None = None
    cut: Literal["before", "after", "half"] | None = None
    late_s: float = 0.0
    first: Callable[[], object] = lambda: None


def answer(status: int, **body: Any) -> Fault:
    # A HEAD has no body, so PostgREST says the code in a header as well.
    said = {"Proxy-Status": f"PostgREST; error={body['code']}"} if body.get("code", "").startswith("PGRST") else {}
    content = json.dumps(body).encode() if body else b""
    return Fault(answer=(status, {"Content-Type": "application/json"} | said, content))


def page(status: int) -> Fault:
    return Fault(answer=(status, {"Content-Type": "text/html"}, b"<html><h1>Service unavailable</h1></html>"))


PASSING = {
    "429": page(429),
    "502": page(502),
    "503": page(503),
    "504": page(504),
    "522": page(522),
    "503 of PostgREST": answer(503, code="PGRST001", message="Database connection error. Retrying the connection."),
    "503 of the gateway": answer(503, code="GATEWAY_UPSTREAM", message="PostgREST did not answer: ConnectError"),
    "502 of a router": answer(502, message="An invalid response was received from the upstream server"),
    "a page with 200": page(200),
    "nothing with 200": answer(200),
    "cut": Fault(cut="before"),
    "answer lost": Fault(cut="after"),
    "half an answer": Fault(cut="half"),
}

Call = tuple[str, str, bytes]


@dataclass
class Proxy:
    """Stands between the pipeline and Supabase.

    Attributes:
        befall: Told the number of a call, from 1, and the call; says what befalls it.
        calls: What came.
    """

    upstream: str
    befall: Callable[[int, Call], Fault | None] = lambda *_: None
    calls: list[Call] = field(default_factory=list)
    port: int = 0
    is_down: bool = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; at the same port as the last time."""
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = self._server.server_port
        self._serving = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._serving.start()
        self.is_down = False

    def stop(self) -> None:
        """Refuse connections from now on, and hang up on those there are."""
        self.is_down = True
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()

    def restart(self) -> None:
        """Be gone for a moment."""
        self.stop()
        Timer(0.2, self.start).start()

    def call_off(self) -> None:
        self.befall = lambda *_: None
        self.calls.clear()

    def paths(self) -> Counter[str]:
        return Counter(urlsplit(path).path for _, path, _ in self.calls)


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"
    # Else the kernel holds the body back until the head has arrived.
    disable_nagle_algorithm = True

    def pass_on(self) -> None:
        if self.proxy.is_down:
            self.close_connection = True
            return
        call = (self.command, self.path, self.rfile.read(int(self.headers.get("content-length", 0))))
        self.proxy.calls.append(call)
        fault = self.proxy.befall(len(self.proxy.calls), call) or Fault()
        fault.first()
        if fault.answer:
            self.give(*fault.answer)
        elif fault.cut != "before":
            given = self.ask(call)
            time.sleep(fault.late_s)
            if fault.cut != "after":
                self.give(*given, missing=1 if fault.cut == "half" else 0)
        self.close_connection = self.close_connection or fault.cut is not None

    def ask(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.upstream).netloc)
        connection.request(*call, dict(self.headers))
        with connection.getresponse() as response:
            given = (response.status, dict(response.getheaders()), response.read())
        connection.close()
        return given

    def give(self, status: int, headers: dict[str, str], body: bytes, *, missing: int = 0) -> None:
        ours = {"content-length", "transfer-encoding", "connection", "date", "server"}
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ours:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) + missing))
        # Who did not wait for a late answer is gone.
        with suppress(OSError):
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

    do_GET = do_HEAD = do_POST = do_PATCH = pass_on  # noqa: N815 - the names that the base class looks for


@dataclass
class Disturbed(Bench):
    """A table whose reads are disturbed at Supabase.

    Attributes:
        calls: What an undisturbed read takes.
    """

    proxy: Proxy = field(kw_only=True)
    calls: int = 0

    def call_off(self) -> None:
        self.proxy.call_off()

    def check_nothing_untrue(self, case: str) -> None:
        """What is marked as deleted is gone, and what counts as fresh is whole."""
        self.check_rows_are_old_or_new(case)
        if self.status()[2] != LONG_AGO:
            assert stored(self.database, self.table) == self.end, f"{case}: it counts as fresh"


@pytest.fixture(scope="module")
def instantly() -> Iterator[InstantlyServer]:
    with instantly_server(campaigns=3, accounts=20, leads=150, days=40) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(supabase) -> Iterator[Proxy]:
    with Proxy(supabase.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def behind_proxy(supabase, proxy) -> Iterator[RowStore]:
    with supabase_client(proxy.url, supabase.secret_key) as client:
        yield RowStore(client)


@pytest.fixture(scope="module", params=ENTITIES)
def prepared(request, supabase, instantly, proxy, behind_proxy) -> Iterator[Disturbed]:
    transport = OpenTransport()
    with psycopg.connect(supabase.database_url, autocommit=True) as connection:
        bench = Disturbed(request.param, instantly, behind_proxy, connection, transport, proxy=proxy)
        bench.prepare()
        bench.restore()
        bench.check_complete(bench.read())
        bench.calls = len(proxy.calls)
        yield bench
    transport.shut()


@pytest.fixture
def bench(prepared, instant_retries) -> Iterator[Disturbed]:
    prepared.restore()
    yield prepared
    prepared.call_off()


only_accounts = pytest.mark.parametrize("prepared", ["accounts"], indirect=True, scope="module")


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_at_each_call_changes_nothing(fault, bench):
    met = set()

    def is_hit(call: Call) -> bool:
        # What asks for no rows may be answered with nothing.
        is_meant = fault != "nothing with 200" or call[0] == "GET" or "/rpc/" in call[1]
        return is_meant and call not in met and not met.add(call)

    bench.proxy.befall = lambda _, call: PASSING[fault] if is_hit(call) else None
    read = bench.read()
    assert len(bench.proxy.calls) > bench.calls
    bench.check_complete(read, fault)


@pytest.mark.parametrize("fault", ["503", "502 of a router", "cut", "answer lost"])
def test_an_outage_that_begins_at_any_call_leaves_nothing_untrue(fault, bench):
    for first in range(1, bench.calls + 1):
        case = f"{fault} from call {first} of {bench.calls} on"
        bench.restore()
        bench.proxy.befall = lambda number, _, first=first: PASSING[fault] if number >= first else None
        read = bench.read()
        assert type(read.error) is RetryableError, f"{case}: {read.error!r}"
        assert "Supabase" in str(read.error), case
        bench.check_nothing_untrue(case)
        bench.check_mended(case)


def test_supabase_that_is_down_at_the_start_is_said_to_be_down(bench):
    bench.proxy.stop()
    try:
        read = bench.read()
    finally:
        bench.proxy.start()
    assert type(read.error) is RetryableError
    assert "that the project is running" in str(read.error)
    assert stored(bench.database, bench.table) == bench.start
    bench.check_mended("down at the start")


@pytest.mark.parametrize(
    "refusal",
    [answer(401, code="PGRST301", message="JWSError JWSInvalidSignature"), answer(401, message="Invalid API key")],
    ids=["of PostgREST", "of the gateway"],
)
def test_a_key_that_is_refused_from_any_call_on_is_named(refusal, bench):
    for first in range(1, bench.calls + 1):
        case = f"from call {first} of {bench.calls} on"
        bench.restore()
        bench.proxy.befall = lambda number, _, first=first: refusal if number >= first else None
        read = bench.read()
        assert type(read.error) is PermanentError, f"{case}: {read.error!r}"
        assert "SUPABASE_KEY" in str(read.error), case
        bench.check_nothing_untrue(case)
        bench.check_mended(case)


@pytest.fixture
def patient(prepared) -> Iterator[Disturbed]:
    """Retries with their real pauses."""
    prepared.restore()
    yield prepared
    prepared.call_off()


@only_accounts
def test_a_restart_in_the_middle_is_waited_out(patient):
    proxy = patient.proxy
    restart = Fault(first=proxy.restart, cut="before")
    proxy.befall = lambda number, _: restart if number == patient.calls // 2 else None
    patient.check_complete(patient.read())


@only_accounts
def test_a_database_connection_that_is_ended_in_the_middle_of_a_merge_is_made_anew(supabase, bench):
    merging = "select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%merge_rows%'"
    ended = []

    def end_it() -> None:
        while not (found := bench.database.execute(merging).fetchall()):
            time.sleep(0.005)
        ended.extend(bench.database.execute("select pg_terminate_backend(%s)", found[0]).fetchall())
        holding.rollback()

    with psycopg.connect(supabase.database_url) as holding:
        holding.execute(f"lock table {bench.table.name} in share row exclusive mode")
        ending = Thread(target=end_it)
        ending.start()
        read = bench.read()
        ending.join()
    assert ended == [(True,)]
    bench.check_complete(read)


@only_accounts
def test_an_answer_that_comes_too_late_is_asked_for_again(supabase, bench):
    for path in ("/rest/v1/rpc/merge_rows", "/rest/v1/rpc/mark_deleted", "/rest/v1/sync_runs"):
        bench.restore()
        late = [Fault(late_s=1.0)]
        bench.proxy.befall = lambda _, call, path=path, late=late: (
            late.pop() if late and urlsplit(call[1]).path == path else None
        )
        with supabase_client(bench.proxy.url, supabase.secret_key, timeout_s=0.5) as client:
            waiting, bench.store = bench.store, RowStore(client)
            try:
                read = bench.read()
            finally:
                bench.store = waiting
        assert late == []
        bench.check_complete(read, path)


@dataclass
class Listing:
    """A source whose rows the test writes down."""

    name: str = "api"
    as_of: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    requests_made: int = 0
    pages_read: int = 0
    workspace_id: str | None = None
    lists_are_whole: bool = True


@pytest.fixture
def slow_rows(database, store) -> Iterator[None]:
    """Each new account takes its time, and a statement that takes long is ended."""
    database.execute(
        """
        create function public.take_time() returns trigger language plpgsql as
          'begin perform pg_sleep(0.0005); return new; end';
        create trigger take_time before insert on instantly_accounts_raw for each row execute function take_time();
        create function public.time_limit() returns text language sql as
          'select current_setting(''statement_timeout'')';
        grant execute on function public.take_time(), public.time_limit() to service_role;
        alter role service_role set statement_timeout = '400ms';
        notify pgrst, 'reload config';
        notify pgrst, 'reload schema'
        """
    )

    def is_set(limit: str) -> bool:
        with suppress(PermanentError):
            return store.call("time_limit", {}) == limit
        return False

    while not is_set("400ms"):
        time.sleep(0.01)
    yield
    database.execute("alter role service_role reset statement_timeout; notify pgrst, 'reload config'")
    while is_set("400ms"):
        time.sleep(0.01)
    database.execute(
        """
        drop trigger take_time on instantly_accounts_raw;
        drop function public.take_time(), public.time_limit();
        notify pgrst, 'reload schema'
        """
    )


def test_a_batch_that_takes_too_long_is_halved_until_it_passes(slow_rows, database, proxy, behind_proxy):
    proxy.call_off()
    payloads = [{"email": f"sender{number}@lindqvist-freight.example", "status": 1} for number in range(1_000)]
    report = sync_table(behind_proxy, ACCOUNTS, transform_accounts(payloads), source=Listing())
    assert proxy.paths()["/rest/v1/rpc/merge_rows"] >= 3
    assert (report.counts.inserted, report.counts.rejected) == (1_000, 0)
    assert database.execute("select count(*) from instantly_accounts_raw").fetchone() == (1_000,)
    assert database.execute("select last_status from sync_status").fetchall() == [("complete",)]
