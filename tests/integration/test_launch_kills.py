"""A launch killed at every request, of any kind, and at rows that are being written: it goes on, and nobody is lost."""

from __future__ import annotations

import time
from contextlib import suppress
from signal import SIGKILL
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina

from sandbox.local_supabase import LocalSupabase
from sandbox.processes import Daemon
from tests.fakes.killable_launches import Kill
from tests.fakes.launch_trials import PEOPLE, trials_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.killable_launches import Moment
    from tests.fakes.launch_trials import Trials

SHARES = 4
CREATION = ("instantly", "POST /campaigns")
WRITES = ("POST /campaigns", "POST /leads/add")


@pytest.fixture
def over_rest() -> bool:
    return False


@pytest.fixture
def trials(launch_world, supabase, over_rest) -> Iterator[Trials]:
    with trials_in(launch_world, supabase, over_rest=over_rest) as trials:
        yield trials


through_postgrest = pytest.mark.parametrize("over_rest", [True], ids=["through PostgREST"])


def kills(trials: Trials) -> list[Kill]:
    """After each request that leaves something behind, and some of the others.

    To be killed before a request, or after one that only reads, is to be killed after what came before it.
    """
    volatile = trials.world.rows("select proname from pg_proc where provolatile = 'v'")
    changing = {row["proname"] for row in volatile} | set(WRITES)
    numbers = range(1, len(trials.asked) + 1)
    chosen = [each for each in numbers if trials.asked[each - 1][1] in changing or is_activation(trials, each)]
    return [Kill(1, "before"), *(Kill(number, "after") for number in sorted({*chosen, *numbers[::6]}))]


def is_activation(trials: Trials, number: int) -> bool:
    return trials.asked[number - 1][1].endswith("/activate")


@pytest.mark.parametrize("share", range(SHARES))
def test_a_launch_killed_at_any_request_goes_on_as_if_nothing_had_happened(share, trials):
    trials.prepare()
    for turn, kill in enumerate(kills(trials)[share::SHARES]):
        case = f"killed {kill.moment} request {kill.number}, {trials.asked[kill.number - 1]}"
        trials.begin()
        assert trials.launch_killed(kill, "first") == -SIGKILL, case
        # Once it is done, another key is another launch.
        is_open = trials.world.rows("select from launches where state = 'open'") != []
        trials.finish("another" if is_open and turn % 2 else "first", case)


def test_a_launch_killed_while_it_mends_what_a_killed_one_left_goes_on_all_the_same(trials):
    trials.prepare()
    uploads = [number for number in trials.requests_to("instantly") if trials.asked[number - 1][1] in WRITES]
    for turn, number in enumerate(uploads):
        for second in range(44 + turn, 60, 8):
            case = f"killed after request {number}, then after request {second}"
            trials.begin()
            assert trials.launch_killed(Kill(number, "after"), "first") == -SIGKILL, case
            assert trials.launch_killed(Kill(second, "after"), "another") == -SIGKILL, case
            trials.finish("first", case)


@pytest.mark.parametrize("share", range(2))
def test_another_launch_may_run_from_its_first_step_to_its_last_between_any_two_requests(share, trials):
    trials.prepare()
    begun = trials.asked.index(("supabase", "begin_launch")) + 2
    ended = trials.asked.index(("supabase", "end_launch")) + 1
    # Sent later than anybody waits for it, the one request that makes the campaign makes a second one.
    numbers = set(range(begun + share, ended + 1, 5)) - {trials.asked.index(CREATION) + 1}
    for number in sorted(numbers | {trials.asked.index(("supabase", "ask_for_campaign")) + share}):
        case = f"overtaken before request {number}, {trials.asked[number - 1]}"
        ends: list[str] = []

        def overtake(at: int, moment: Moment, number: int = number, ends: list[str] = ends) -> None:
            if (at, moment) == (number, "before"):
                # As long as a claim is held for the one who is slow.
                time.sleep(trials.tools.settle_s)
                ends.append(trials.launch("another"))

        trials.begin()
        trials.watch.meets = overtake
        first = trials.launch("first")
        assert ends == ["done"], case
        # A launch that finds itself finished says so, and one that lost its turn asks to be launched again.
        assert first in {"done", "Refused", "RetryableError"}, f"{case}: {first}"
        trials.finish("first", case)


class DeadError(BaseException):
    """Nobody catches it, as nobody catches a SIGKILL."""


def test_a_launch_is_not_done_while_people_are_with_another_one_that_died(trials):
    trials.prepare()
    trials.begin()
    steps: list[str] = []

    def meets(number: int, moment: Moment) -> None:
        what = trials.watch.asked[number - 1][1]
        if (what, moment, steps) == ("take_people_to_upload", "before", []):
            steps.append("another one begins, which takes the first people")
            with suppress(DeadError):
                trials.launch("another")
        elif (what, moment, len(steps)) == ("POST /leads/add", "after", 1):
            steps.append("and dies")
            raise DeadError

    trials.watch.meets = meets
    assert trials.launch("first") == "Refused"
    assert len(steps) == 2
    trials.finish("first", "another one died")


@through_postgrest
def test_supabase_may_lose_every_answer_once(trials):
    # Each call is made twice then, and what it does is done.
    trials.prepare()
    trials.begin()
    lost: set[int] = set()

    def lose(number: int, moment: Moment) -> None:
        is_second = number - 1 in lost
        if moment == "after" and trials.watch.asked[number - 1][0] == "supabase" and not is_second:
            lost.add(number)
            raise httpx.ReadError("lost")

    trials.watch.meets = lose
    assert trials.launch("first") == "done"
    assert len(lost) == len(trials.requests_to("supabase"))
    trials.check_whole("each answer of Supabase lost once")


@through_postgrest
def test_supabase_may_be_gone_from_any_call_on_until_the_next_run(trials):
    trials.prepare()
    for first in trials.requests_to("supabase")[::11]:
        case = f"gone from request {first} on, {trials.asked[first - 1]}"
        trials.begin()

        def refuse(number: int, moment: Moment, first: int = first) -> None:
            if number >= first and trials.watch.asked[number - 1][0] == "supabase":
                raise httpx.ConnectError("gone")

        trials.watch.meets = refuse
        assert trials.launch("first") == "RetryableError", case
        trials.watch.meets = lambda *_: None
        trials.finish("first", case)


WRITING_ROWS = """
    create sequence public.rows_written;
    create function public.end_backend_at_a_row() returns trigger language plpgsql security definer as $$
    begin
      if nextval('public.rows_written') = tg_argv[0]::bigint then
        perform pg_terminate_backend(pg_backend_pid());
        perform pg_sleep(1);
      end if;
      return new;
    end $$;
"""


@through_postgrest
def test_the_database_may_end_a_connection_at_any_row_that_a_launch_writes(trials, database):
    trials.prepare()
    database.execute(WRITING_ROWS)
    tables = ("campaign_leads", "campaign_creations", "launches", "launch_keys")

    def end_at(row: int) -> None:
        database.execute("alter sequence public.rows_written restart")
        for table in tables:
            database.execute(
                f"create or replace trigger end_backend before insert or update on {table} "
                f"for each row execute function public.end_backend_at_a_row('{row}')"
            )

    try:
        end_at(0)
        trials.begin()
        assert trials.launch("first") == "done"
        [(rows,)] = database.execute("select last_value from public.rows_written").fetchall()
        assert rows > 3 * PEOPLE
        for row in range(1, rows + 1, 7):
            case = f"ended at row {row} of {rows}"
            trials.begin()
            end_at(row)
            trials.finish("first", case)
    finally:
        for table in tables:
            database.execute(f"drop trigger if exists end_backend on {table}")
        database.execute("drop function public.end_backend_at_a_row(); drop sequence public.rows_written")


@pytest.fixture
def patient(trials) -> Iterator[Trials]:
    """Retries with their real pauses."""
    with stamina.set_testing(False):
        yield trials


@through_postgrest
def test_a_restart_of_postgrest_in_the_middle_is_waited_out(patient, tmp_path_factory):
    [folder] = tmp_path_factory.getbasetemp().glob("supabase[0-9]")
    patient.prepare()
    number = patient.asked.index(("supabase", "settle_people")) + 1

    def restart(at: int, moment: Moment) -> None:
        if (at, moment) == (number, "before"):
            Daemon(name="postgrest", folder=folder).stop()
            starting.start()

    starting = Thread(target=LocalSupabase(folder, durable=False).up)
    patient.begin()
    patient.watch.meets = restart
    assert patient.launch("first") == "done"
    starting.join()
    assert len(patient.watch.asked) > len(patient.asked)
    patient.check_whole("PostgREST restarted")
