"""Every fault at every request of every entity: what the read leaves, what it says, and how the next one mends it."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import psycopg
import pytest

from modules.instantly.instantly_tables import TABLE_OF
from modules.shared.errors import ContractError, OutreachError, PermanentError, Refused, RetryableError
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from sandbox.instantly.endpoint import PREFIX
from sandbox.instantly.server import ENDPOINTS
from tests.fakes.instantly_reading import LONG_AGO, Bench, OpenTransport, Read, stored
from tests.fakes.instantly_server import instantly_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.fakes.instantly_server import InstantlyServer

pytestmark = pytest.mark.usefixtures("instant_retries")

TRIES = 3
"""What `instant_retries` leaves of each request."""
OF_FEW_CAMPAIGNS = frozenset({"workspace", "account_daily", "daily_analytics", "steps", "leads", "emails"})
"""Read in the world of few campaigns, whose leads fill pages; the others in one of many campaigns and accounts."""
AT_ONCE = frozenset({"daily_analytics", "steps", "leads"})
"""Entities of which several requests are under way at once."""
PAGED = [
    entity
    for entity in TABLE_OF
    if entity not in {"workspace", "account_warmup", "account_daily", "daily_analytics", "steps"}
]
COMPARED = [entity for entity in TABLE_OF if entity not in {"workspace", "steps", "emails", "background_jobs"}]
"""Entities whose number of rows is judged by that of the last read."""


def status(number: int, **more: Any) -> dict[str, Any]:
    body = {"statusCode": number, "error": "Injected", "message": "Injected fault"}
    return {"kind": "status", "status": number, "body": body, **more}


PASSING = {
    "429": status(429),
    "429 with a pause": status(429, headers={"Retry-After": "20"}),
    "500": status(500),
    "502": status(502, body="<html>bad gateway</html>"),
    "503": status(503),
    "time-out": {"kind": "slow", "seconds": 0.5},
    "cut": {"kind": "cut"},
    "half a body": {"kind": "half_body"},
    "HTML": {"kind": "html"},
    "broken JSON": {"kind": "broken_json"},
}


class Ask(NamedTuple):
    """One request of an undisturbed read, and how to recognise it in another one."""

    method: str
    path: str
    values: dict[str, Any]

    @classmethod
    def of(cls, method: str, path: str, values: dict[str, Any]) -> Ask:
        named = {name: value for name, value in values.items() if name != "min_timestamp_created"}
        return cls(method, path, {"starting_after": None, "campaign_id": None} | named)

    @property
    def asked(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def cursor(self) -> str | None:
        return self.values["starting_after"]

    def behind(self, cursor: str | None) -> Ask:
        return self._replace(values=self.values | {"starting_after": cursor})

    def is_made_by(self, request: httpx.Request) -> bool:
        names = request.url.params.keys()
        lists = {name: request.url.params.get_list(name) for name in names}
        values = {name: each if len(each) > 1 else each[0] for name, each in lists.items()}
        values |= orjson.loads(request.content) if request.content else {}
        return (
            (self.method, PREFIX + self.path) == (request.method, request.url.path.removeprefix("/instantly"))
        ) and all(str(values.get(name)) == str(value) for name, value in self.values.items())


class Hurried(OpenTransport):
    """Gives some requests no time."""

    def __init__(self) -> None:
        super().__init__()
        self.is_hurried: Callable[[httpx.Request], bool] = lambda _: False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_hurried(request):
            request.extensions["timeout"] = {"connect": 5.0, "read": 0.03, "write": 5.0, "pool": 5.0}
        return super().handle_request(request)


@dataclass
class Matrix(Bench):
    """A table whose reads are disturbed at Instantly."""

    asks: list[Ask] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def prepare(self) -> Read:
        undisturbed = super().prepare()
        self.asks = [Ask.of(each.method, each.path, each.query | (each.body or {})) for each in undisturbed.asked]
        self.answers = [
            self.server.ask(each.method, each.path, each.query or None, each.body).json() for each in undisturbed.asked
        ]
        assert len(self.asks) > 1, "more than one request, so that a fault can come behind one"
        return undisturbed

    def call_off(self) -> None:
        self.server.stand_in.faults.clear()
        self.transport.is_hurried = lambda _: False

    def order(self, ask: Ask, action: dict[str, Any], times: int | None = None) -> None:
        self.server.order_fault(method=ask.method, path=ask.path, where=ask.values, times=times, action=action)

    def order_answer(self, ask: Ask, answer: Any) -> None:
        self.order(ask, {"kind": "status", "status": 200, "body": orjson.dumps(answer).decode()})

    def pages(self) -> list[tuple[int, Ask, dict[str, Any]]]:
        """Requests of paged lists: place, request, undisturbed answer."""
        asked = enumerate(zip(self.asks, self.answers, strict=True), start=1)
        return [(place, ask, answer) for place, (ask, answer) in asked if "items" in answer]

    def rejected(self) -> list[tuple[str, Any]]:
        return self.database.execute("select reason, payload from rejected_rows").fetchall()

    def check_incomplete(self, read: Read, kind: type[OutreachError], case: str) -> None:
        """What the error says is noted, nothing is marked as deleted, and nothing counts as fresh."""
        assert type(read.error) is kind, f"{case}: {read.error!r}"
        last_status, reason, complete_as_of = self.status()
        assert (last_status, complete_as_of) == ("incomplete", LONG_AGO), case
        assert reason is not None, case
        assert reason[:150] == f"{kind.__name__}: {read.error}"[:150], case
        marked = self.check_rows_are_old_or_new(case)
        assert not marked - self.in_complete_parts(marked), f"{case}: marked as deleted"

    def in_complete_parts(self, keys: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        """Those that belong to a part which was itself read to the end."""
        scopes = self.database.execute(
            "select scope from sync_runs where table_name = %s and status = 'complete' and started_at > %s",
            [self.table.name, LONG_AGO],
        ).fetchall()
        rows = {key: json.loads(self.end[key].text) for key in keys}
        parts = {
            key: {(f"campaign:{row.get('instantly_campaign_id')}",), (f"list:{row.get('instantly_list_id')}",)}
            for key, row in rows.items()
        }
        return {key for key in keys if parts[key] & set(scopes)}


def lengthen(server: InstantlyServer) -> None:
    """Give the small lists of a workspace more than one page."""
    workspace = server.workspace
    small = workspace.small

    def more(rows: list[dict[str, Any]], **changes: Callable[[int], Any]) -> None:
        pattern = rows[0]
        for number in range(105):
            made = f"2025-06-01T00:{number // 60:02}:{number % 60:02}.000Z"
            new = {"id": f"{number:08x}-0000-4000-8000-000000000000", "timestamp_created": made}
            rows.append(pattern | new | {name: change(number) for name, change in changes.items()})

    more(small.tags, label="Region {}".format)
    more(small.tag_mappings)
    more(small.labels, label="Reason {}".format, interest_status=lambda number: 100 + number)
    more(small.lists, name="Fair {}".format)
    more(small.jobs)
    for number in range(105):
        workspace.block_list.add(f"keepaway{number}.example")


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[bool, InstantlyServer]]:
    """The world of many leads in few campaigns, and the one of many campaigns and accounts."""
    with (
        instantly_server(campaigns=3, accounts=6, leads=420, days=40) as few,
        instantly_server(campaigns=105, accounts=105, leads=400, days=40) as many,
    ):
        lengthen(many)
        workspace = few.workspace
        for lead in list(islice(workspace.leads.after(None), 400)):
            if "campaign" in lead and len(workspace.emails) < 110:
                workspace.answer_as(lead["id"], "Thursday.")
        yield {True: few, False: many}


@pytest.fixture(scope="module")
def connected(supabase) -> Iterator[tuple[RowStore, psycopg.Connection, Hurried]]:
    with (
        psycopg.connect(supabase.database_url, autocommit=True) as connection,
        supabase_client(supabase.url, supabase.secret_key) as client,
    ):
        transport = Hurried()
        yield RowStore(client), connection, transport
        transport.shut()


@pytest.fixture(scope="module", params=TABLE_OF)
def prepared(request, worlds, connected) -> Matrix:
    entity = request.param
    bench = Matrix(entity, worlds[entity in OF_FEW_CAMPAIGNS], *connected)
    bench.prepare()
    return bench


@pytest.fixture
def bench(prepared) -> Iterator[Matrix]:
    prepared.restore()
    yield prepared
    prepared.call_off()


def only(entities: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("prepared", entities, indirect=True, scope="module")


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_each_request_one_more_try_and_nothing_else(fault, bench):
    met = set()

    def is_new(request: httpx.Request) -> bool:
        key = (request.url, request.content)
        return key not in met and not met.add(key)

    for ask in bench.asks:
        bench.order(ask, PASSING[fault], times=1)
    if fault == "time-out":
        bench.transport.is_hurried = is_new
    read = bench.read()
    assert len(read.asked) == 2 * len(bench.asks)
    bench.check_complete(read, fault)
    assert read.report.requests_made == len(read.asked)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_stays_at_any_request_ends_the_read_as_incomplete(fault, bench):
    for place, ask in enumerate(bench.asks, start=1):
        case = f"{fault} at request {place}, {ask}"
        bench.restore()
        bench.order(ask, PASSING[fault])
        if fault == "time-out":
            bench.transport.is_hurried = ask.is_made_by
        read = bench.read()
        bench.check_incomplete(read, RetryableError, case)
        assert ask.asked in str(read.error), case
        if bench.entity not in AT_ONCE:
            assert len(read.asked) == place - 1 + TRIES, case
        bench.check_mended(case)


def test_a_pause_of_an_hour_is_left_to_the_next_run(bench):
    for place, ask in enumerate(bench.asks, start=1):
        case = f"request {place}, {ask}"
        bench.restore()
        bench.order(ask, status(429, headers={"Retry-After": "3600"}))
        read = bench.read()
        bench.check_incomplete(read, RetryableError, case)
        if bench.entity not in AT_ONCE:
            assert len(read.asked) == place, case
        bench.check_mended(case)


@pytest.mark.parametrize("number", [401, 402, 403])
def test_a_refused_key_stops_the_read_at_once_and_the_message_names_what_is_wrong(number, bench):
    scopes = {(each.method, each.path): each.scope for each in ENDPOINTS}
    for place, ask in enumerate(bench.asks, start=1):
        case = f"{number} at request {place}, {ask}"
        bench.restore()
        bench.order(ask, status(number))
        read = bench.read()
        bench.check_incomplete(read, PermanentError, case)
        wrong = {401: "INSTANTLY_API_KEY", 402: "plan", 403: str(scopes[ask.method, ask.path])}[number]
        assert wrong in str(read.error), case
        assert ask.asked in str(read.error), case
        refused = [entry for entry in read.asked if entry.status == number]
        assert len(refused) == 1, f"{case}: a refusal is not asked again"
        assert len(read.asked) <= len(bench.asks), case
        if bench.entity not in AT_ONCE:
            assert len(read.asked) == place, case
        bench.check_mended(case)


@only(PAGED)
def test_a_list_that_cannot_be_followed_ends_the_read_as_incomplete(bench):
    for place, ask, page in bench.pages():
        back = ask.behind("back")
        first = next(each for _, other, each in bench.pages() if other == ask.behind(None))
        wrong = {
            "an empty page that names a next one": ({"items": [], "next_starting_after": "more"}, "empty page"),
        }
        if page["items"]:
            wrong["a cursor that is a number"] = (page | {"next_starting_after": 7}, "cursor that is no text")
            # Behind "back" comes the first page again, which leads here again.
            wrong["two pages that lead to each other"] = (page | {"next_starting_after": "back"}, "second time")
        if page["items"] and ask.cursor:
            wrong["a page that leads to itself"] = (page | {"next_starting_after": ask.cursor}, "second time")
        for name, (answer, words) in wrong.items():
            case = f"{name}, at request {place}, {ask}"
            bench.restore()
            bench.order_answer(ask, answer)
            bench.order_answer(back, first if ask.cursor else answer)
            read = bench.read()
            bench.check_incomplete(read, ContractError, case)
            assert words in str(read.error), case
            assert len(read.asked) <= len(bench.asks) + 2, f"{case}: it went round in circles"
            bench.check_mended(case)


@only([entity for entity in TABLE_OF if entity != "workspace"])
def test_an_answer_of_another_shape_ends_the_read_as_incomplete(bench):
    for place, ask in enumerate(bench.asks, start=1):
        is_list = isinstance(bench.answers[place - 1], list)
        for answer in (None, 5, {} if is_list else [], {"items": {}}):
            case = f"{answer!r} at request {place}, {ask}"
            bench.restore()
            bench.order_answer(ask, answer)
            read = bench.read()
            bench.check_incomplete(read, ContractError, case)
            assert ask.asked in str(read.error), case
        bench.check_mended(case)


@only(COMPARED)
def test_an_empty_list_in_the_place_of_a_full_one_is_held_for_a_person(bench):
    for ask, answer in zip(bench.asks, bench.answers, strict=True):
        if isinstance(answer, list):
            bench.order_answer(ask, [])
        elif "items" in answer:
            bench.order_answer(ask, {"items": []})
        else:
            bench.order_answer(ask, {name: {} for name in answer})
    read = bench.read()
    bench.check_incomplete(read, Refused, "an empty list")
    bench.check_mended("an empty list")


@only(PAGED)
def test_rows_repeated_across_pages_are_stored_once(bench):
    served = sum(len(page["items"]) for _, _, page in bench.pages())
    for _, ask, page in bench.pages():
        previous = next((each for _, _, each in bench.pages() if each.get("next_starting_after") == ask.cursor), None)
        if ask.cursor and previous and page["items"]:
            bench.order_answer(ask, page | {"items": [*previous["items"], *page["items"]]})
            served += len(previous["items"])
    read = bench.read()
    bench.check_complete(read)
    assert read.report.counts.read == served


@only(["leads"])
@pytest.mark.parametrize(
    "other", ["019a0000-0000-7000-8000-000000000000", 12, 1.5, True, {"is": "odd"}, ["odd"]], ids=str
)
def test_a_lead_of_another_campaign_ends_the_read_of_its_campaign_and_says_so(other, bench):
    for place, ask, page in bench.pages():
        if page["items"]:
            case = f"request {place}, {ask}"
            name = "campaign" if "campaign" in ask.values else "list_id"
            bench.restore()
            bench.order_answer(ask, page | {"items": [*page["items"][:-1], page["items"][-1] | {name: other}]})
            read = bench.read()
            bench.check_incomplete(read, ContractError, case)
            assert "the filter was not heeded" in str(read.error), case
            bench.check_mended(case)


def put(value: Any) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    return lambda row, name: row | {name: value}


A_MIDNIGHT = 1_763_942_400
CHANGES = {
    "missing": lambda row, name: {other: value for other, value in row.items() if other != name},
    "null": put(None),
    "blank": put(""),
    "a text": put("odd"),
    "a number": put(12),
    "a date as a number": put(A_MIDNIGHT),
    "a date as a number in a text": put(str(A_MIDNIGHT)),
    "a number too large": put(2**40),
    "a number below zero": put(-5),
    "a fraction": put(1.5),
    "true": put(True),  # noqa: FBT003
    "an object": put({"is": "odd"}),
    "a list": put(["odd"]),
}
"""What is done to one field of every other row, each time to another field."""
FIT_NO_COLUMN = {"an object", "a list"}
EVENTS = {
    f"{unique}{name}" for name in ("opened", "replies", "replies_automatic", "clicks") for unique in ("", "unique_")
}
COLUMNS = {
    "workspace": {"id", "name"},
    "campaigns": {"id", "name", "status"}
    | {"campaign_id", "leads_count", "contacted_count", "reply_count", "emails_sent_count"},
    "accounts": {"email", "first_name", "last_name", "status", "warmup_status", "stat_warmup_score"},
    "account_warmup": {"sent", "received", "landed_inbox", "landed_spam", "health_score"},
    "account_daily": {"date", "email_account", "sent", "bounced", "contacted", "new_leads_contacted"} | EVENTS,
    "daily_analytics": {"date", "sent"} | EVENTS - {"replies_automatic", "unique_replies_automatic"},
    # There are few rows of steps, and counts are alike.
    "steps": {"step", "variant", "sent", "unique_replies", "replies_automatic", "opportunities", "meetings_booked"},
    "lead_lists": {"id", "name"},
    "lead_labels": {"id", "label", "interest_status_label", "interest_status"},
    "leads": {"id", "email", "company_domain", "status", "lt_interest_status", "verification_status"}
    | {"email_open_count", "email_reply_count", "email_click_count"}
    | {"timestamp_created", "timestamp_last_contact", "timestamp_last_reply"},
    "emails": {"id", "campaign_id", "lead", "eaccount", "ue_type", "is_auto_reply", "i_status", "thread_id", "step"}
    | {"timestamp_email", "timestamp_created"},
    "block_list": {"id", "bl_value", "is_domain"},
    "tags": {"id", "label"},
    "tag_mappings": {"id", "tag_id", "resource_id", "resource_type"},
    "background_jobs": {"id", "type", "status", "progress", "entity_type", "entity_id", "updated_at"},
}
"""Fields of each entity's payloads that a column of its table is made of."""
MOMENTS = {"leads": {"timestamp_created", "timestamp_last_contact", "timestamp_last_reply"}}
MOMENTS |= {"emails": {"timestamp_created", "timestamp_email"}, "background_jobs": {"updated_at"}}
MOMENTS |= {"account_daily": {"date"}, "daily_analytics": {"date"}}
"""Columns that are a date or a time."""
ENUMS = {"campaigns": {"status"}, "accounts": {"status", "warmup_status"}, "emails": {"ue_type", "i_status"}}
ENUMS |= {"leads": {"status", "lt_interest_status", "verification_status"}, "tag_mappings": {"resource_type"}}
ENUMS |= {"background_jobs": {"type", "status", "entity_type"}}
ENUMS |= {"lead_labels": {"interest_status", "interest_status_label"}}
TEXT_KEYS = {"id", "email", "email_account", "campaign_id"}
STEP_KEYS = {"step", "variant"}
KEYS = TEXT_KEYS | STEP_KEYS | {"date"}


def is_another_key(change: str, name: str) -> bool:
    """Whether the change makes a good key of another row, a lead of another campaign, or a day of no account."""
    if (change, name) == ("blank", "email_account"):
        return True
    is_named = change not in {"blank", "a fraction", "true", "an object", "a list"}
    is_text = change in {"a text", "a date as a number in a text"}
    return name in {"campaign", "list_id"} or (name in TEXT_KEYS and is_text) or (name in STEP_KEYS and is_named)


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def said_by(payloads: list[Any]) -> set[bytes]:
    """Each payload, and each of its parts: some entities' payloads are put together from several answers."""
    parts = [part for payload in payloads if isinstance(payload, dict) for part in payload.values()]
    return {canonical(each) for each in (*payloads, *parts)}


def places(holder: list[Any]) -> list[tuple[Any, Any]]:
    """Where the rows of the answer in the holder are: in what, and at which place."""
    inside = holder[0]
    if isinstance(inside, dict):
        inside = inside.get("items", inside.get("aggregate_data"))
    if inside is None:
        return [(holder, 0)]
    return [(inside, place) for place in (range(len(inside)) if isinstance(inside, list) else inside)]


@dataclass
class Spoilt:
    """What is served when something was done to some rows.

    Attributes:
        rows: As canonical JSON.
        changed: Those that something was done to, with the name of the field, and of the change.
    """

    rows: list[bytes] = field(default_factory=list)
    changed: list[tuple[bytes, str, str]] = field(default_factory=list)


def spoilt(
    bench: Matrix, changes: dict[str, Callable[[Any, str], Any]], is_meant: Callable[[str], bool] = bool
) -> Iterator[Spoilt]:
    """Order answers in which every other row is changed, each in another field or way; again until all was done.

    A change is told a row and the name of a field, and gives back what is served in the place of the row.
    """
    rows_of = {ask.path: [] for ask in bench.asks}
    for ask, answer in zip(bench.asks, bench.answers, strict=True):
        rows_of[ask.path] += [inside[place] for inside, place in places([answer])]
    left = {
        path: [(name, change) for change in changes for name in fields_of(bench.entity, rows, change) if is_meant(name)]
        for path, rows in rows_of.items()
    }
    while any(left.values()):
        bench.restore()
        served = Spoilt()
        for ask, answer in zip(bench.asks, bench.answers, strict=True):
            holder = [deepcopy(answer)]
            asked = [(inside, place) for inside, place in places(holder) if not is_left_out(inside[place], ask)]
            for number, (inside, place) in enumerate(asked):
                if left[ask.path] and (number % 2 == 0 or len(rows_of[ask.path]) < 10):
                    name, change = left[ask.path].pop(0)
                    inside[place] = changes[change](inside[place], name)
                    served.changed.append((canonical(inside[place]), name, change))
                served.rows.append(canonical(inside[place]))
            bench.order_answer(ask, holder[0])
        yield served


def is_left_out(row: dict[str, Any], ask: Ask) -> bool:
    """The day that is asked for behind the last one, and what belongs to no account."""
    return row.get("email_account") == "" or ("end_date" in ask.values and row.get("date") == ask.values["end_date"])


def fields_of(entity: str, rows: list[dict[str, Any]], change: str) -> list[str]:
    """Fields that columns are made of, and one other, which stands for all of them."""
    given = sorted({name for row in rows for name in row})
    # What is seldom set can be set as well; of entities read from two places it is not known where.
    read = COLUMNS[entity] if entity not in {"campaigns", "workspace"} else COLUMNS[entity] & set(given)
    other = [name for name in given if name not in read][:1]
    # Whether a key that cannot be read makes a row look gone depends on the row.
    keys = sorted(read & KEYS) * min(2, len(rows) // 4)
    return [name for name in (*sorted(read), *other, *keys) if not is_another_key(change, name)]


def check_nothing_is_dropped(bench: Matrix, served: Spoilt, read: Read) -> set[bytes]:
    """Every row is stored or in quarantine, counted, and nothing else is concluded; gives back what is quarantined."""
    assert read.error is None, read.error
    now = stored(bench.database, bench.table)
    kept = said_by([json.loads(row.text)["raw_json"] for row in now.values() if not row.is_deleted])
    rejected = bench.rejected()
    refused = said_by([payload for _, payload in rejected])
    dropped = [row for row in served.rows if row not in kept | refused]
    assert not dropped, f"{dropped[0].decode()} is nowhere"
    counts = read.report.counts
    # What comes twice is in quarantine once.
    assert len(rejected) <= counts.rejected <= len(rejected) + len(served.rows) - len(set(served.rows))
    assert counts.read == counts.inserted + counts.updated + counts.unchanged + counts.rejected
    changed = {row for row, _, _ in served.changed}
    for reason, payload in rejected:
        assert reason
        assert "@" not in reason
        assert said_by([payload]) & changed, f"a good row was refused: {reason}"
    assert not set(bench.start) - set(now), "a row is lost"
    for key, row in now.items():
        is_marked = row.is_deleted and not (key in bench.start and bench.start[key].is_deleted)
        assert not is_marked or bench.end[key].is_deleted, f"{key} was marked as deleted"
    bench.database.execute(f"update sync_runs set started_at = '{LONG_AGO}', data_as_of = '{LONG_AGO}'")
    bench.check_mended("the next day")
    return refused


def test_a_field_that_is_not_as_documented_costs_its_row_at_most(bench):
    rounds = [spoilt(bench, CHANGES, lambda name: name not in KEYS)]
    # One change at a time: where one key is seen to be missing, nothing at all is concluded from what is absent.
    rounds += [spoilt(bench, {name: change}, KEYS.__contains__) for name, change in CHANGES.items()]
    for served in chain.from_iterable(rounds):
        refused = check_nothing_is_dropped(bench, served, bench.read())
        for row, name, change in served.changed:
            is_odd = change in FIT_NO_COLUMN and name in COLUMNS[bench.entity]
            is_guessed = change.startswith("a date as a number") and name in MOMENTS.get(bench.entity, ())
            assert row in refused or not (is_odd or is_guessed), f"{name} as {change} was taken as it is"


@only(list(ENUMS))
def test_values_never_seen_before_are_kept(bench):
    def unseen(row: dict[str, Any], name: str) -> dict[str, Any]:
        return row | {name: "unheard of" if isinstance(row.get(name), str) else 77}

    for served in spoilt(bench, {"unseen": unseen}, ENUMS[bench.entity].__contains__):
        assert not check_nothing_is_dropped(bench, served, bench.read())


def test_fields_never_seen_before_are_kept(bench):
    for served in spoilt(bench, {"unknown": lambda row, _: row | {"unheard_of": {"deep": [1, None, "text"]}}}):
        assert not check_nothing_is_dropped(bench, served, bench.read())


def test_what_is_no_object_goes_to_quarantine_and_nothing_is_marked_as_deleted(bench):
    things = chain([None, True, 1.5], (thing for n in count() for thing in (n, f"row {n}", [n])))
    for served in spoilt(bench, {"no object": lambda *_: next(things)}):
        refused = check_nothing_is_dropped(bench, served, bench.read())
        taken = [row for row, _, _ in served.changed if row not in refused]
        assert not taken, f"{taken[0].decode()} was taken for a row"


@only(["accounts"])
def test_a_new_row_in_quarantine_hides_no_deletion(bench):
    page = bench.answers[0]
    new = next(row for row in page["items"] if (row["email"],) not in bench.start)
    items = [row | {"status": {"is": "odd"}} if row is new else row for row in page["items"]]
    bench.order_answer(bench.asks[0], page | {"items": items})
    read = bench.read()
    assert (read.error, read.report.counts.rejected, read.report.marked_deleted) == (None, 1, 1)
    now = stored(bench.database, bench.table)
    assert now == {key: row for key, row in bench.end.items() if key != (new["email"],)}
    bench.check_mended("the next read")
