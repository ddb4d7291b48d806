"""Runs that people ask for over HTTP: who may ask, and that each row starts one run, once."""

from __future__ import annotations

from uuid import uuid4

import dagster as dg
import httpx
import pytest

from outreach_pipeline.assets.launch_assets import GRAPH, KEY_TAG
from outreach_pipeline.definitions import defs
from outreach_pipeline.sensors import REQUEST_TAG, requests_to_run

OLGA, ADA, VERA, IVO, UNKNOWN = (str(uuid4()) for _ in range(5))
"""An operator, an admin, a viewer, an operator who left, and somebody whom `users` does not have."""
PEOPLE = [
    {"id": OLGA, "email": "olga@team.example", "role": "operator"},
    {"id": ADA, "email": "ada@team.example", "role": "admin"},
    {"id": VERA, "email": "vera@team.example", "role": "viewer"},
    {"id": IVO, "email": "ivo@team.example", "role": "operator", "is_active": False},
]
DRY_RUN = {"job_name": "campaign_launch", "campaign_name": "plans"}
ALL_JOBS = ["campaign_launch", "refresh_and_launch", "instantly_sync", "lead_pipeline", "suppression_sweep"]


def row_of(job):
    return {"job_name": job, **({"campaign_name": "plans"} if job.endswith("launch") else {})}


@pytest.fixture
def ask(supabase, database):
    """A request to `run_requests` as a person, or as somebody without a token; answers the response."""
    for person in PEOPLE:
        database.execute(
            "insert into users (id, email, role, is_active) values (%s, %s, %s, %s)",
            (person["id"], person["email"], person["role"], person.get("is_active", True)),
        )

    def send(who, method="POST", query="", prefer="return=representation", **row):
        token = supabase.publishable_key if who is None else supabase.user_token(who)
        headers = {"apikey": supabase.publishable_key, "Authorization": f"Bearer {token}"}
        headers |= {"Prefer": prefer}
        body = {"json": row} if row else {}
        return httpx.request(method, f"{supabase.url}/rest/v1/run_requests{query}", headers=headers, **body)

    return send


@pytest.fixture
def instance():
    """A Dagster without any run."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick(instance, store):
    """What the sensor does now: the runs that it asks for, or its reason for none."""

    def tick(seeing=instance):
        said = list(requests_to_run(dg.build_sensor_context(instance=seeing), store=store))
        return [each.skip_message if isinstance(each, dg.SkipReason) else each for each in said]

    return tick


def start(instance, request):
    """What the daemon does with a request of the sensor: a run, once for each key."""
    if not instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": request.run_key})):
        tags = {**request.tags, "dagster/run_key": request.run_key}
        status = dg.DagsterRunStatus.STARTED
        instance.add_run(dg.DagsterRun(job_name=request.job_name, run_id=str(uuid4()), status=status, tags=tags))


def end(instance, request, event_type):
    """The end of the run of a request, as this event tells it; answers the run's id."""
    [run] = instance.get_runs(dg.RunsFilter(tags={REQUEST_TAG: request.tags[REQUEST_TAG]}))
    event = dg.DagsterEvent(event_type_value=event_type, job_name=request.job_name)
    instance.report_dagster_event(event, run_id=run.run_id)
    return run.run_id


def insert(store, row):
    store.insert("run_requests", [row], unique=("request_id",))


def rows(store):
    return store.select("run_requests", lambda query: query.order("requested_at"))


def test_nobody_asks_and_nothing_starts(tick):
    assert tick() == ["Nobody asks for a run."]


def test_a_row_starts_one_run_of_its_job_with_what_was_asked_for(tick, store):
    asked = {"people_limit": 50, "is_dry_run": False, "activates": True}
    insert(store, {"job_name": "refresh_and_launch", "campaign_name": "plans", **asked})
    [row] = rows(store)
    [request] = tick()
    assert (request.job_name, request.run_key) == ("refresh_and_launch", f"request:{row['request_id']}")
    assert request.tags == {REQUEST_TAG: row["request_id"], KEY_TAG: f"request:{row['request_id']}"}
    config = request.run_config["ops"][GRAPH]["config"]
    assert config.items() >= {"campaign": "plans", "limit": 50, "dry_run": False, "activate": True}.items()
    # Before the run is seen it is asked for again, under the same key, by which Dagster knows it.
    [again] = tick()
    assert (again.run_key, again.tags) == (request.run_key, request.tags)


@pytest.mark.parametrize("job", ALL_JOBS)
def test_what_a_row_asks_for_is_a_run_that_its_job_takes(tick, store, job):
    insert(store, row_of(job))
    [request] = tick()
    assert request.job_name == job
    assert job in {known.name for known in requests_to_run.jobs}
    dg.validate_run_config(defs.resolve_job_def(job), request.run_config)
    if job.endswith("launch"):
        assert request.run_config["ops"][GRAPH]["config"]["dry_run"] is True
    else:
        assert request.run_config == {}


def test_many_rows_start_in_the_order_in_which_they_were_asked_for(tick, instance, store, database):
    for number in range(25):
        database.execute(
            "insert into run_requests (job_name, requested_at) values ('instantly_sync', now() - %s * interval '1 s')",
            (number,),
        )
    ids = [row["request_id"] for row in rows(store)]
    first = tick()
    assert [request.tags[REQUEST_TAG] for request in first] == ids[: len(first)]
    for request in first:
        start(instance, request)
    assert tick() == []
    # Those that run take nobody's place.
    assert {request.tags[REQUEST_TAG] for request in tick()} == set(ids[len(first) :])


@pytest.mark.parametrize(
    "told",
    [
        ("PIPELINE_SUCCESS", "done", ""),
        ("PIPELINE_FAILURE", "failed", "The run ended as failure; its page in Dagster says why."),
        ("PIPELINE_CANCELED", "failed", "The run ended as canceled; its page in Dagster says why."),
    ],
)
def test_a_row_says_what_became_of_its_run(tick, instance, store, told):
    ends, state, why = told
    insert(store, DRY_RUN)
    [request] = tick()
    assert rows(store)[0]["state"] == "asked"
    start(instance, request)
    assert tick() == []
    [row] = rows(store)
    assert (row["state"], row["ended_at"], row["reason"]) == ("started", None, "")
    run_id = end(instance, request, ends)
    assert tick() == []
    [row] = rows(store)
    assert (row["state"], row["run_id"], row["reason"]) == (state, run_id, why)
    assert row["ended_at"]
    assert tick() == ["Nobody asks for a run."]
    assert rows(store) == [row]


def test_a_run_that_goes_on_rewrites_its_row_no_more(tick, instance, store, database):
    insert(store, DRY_RUN)
    start(instance, tick()[0])
    tick()
    before = database.execute("select xmin::text from run_requests").fetchall()
    tick()
    assert database.execute("select xmin::text from run_requests").fetchall() == before


def test_a_failed_run_that_is_executed_again_and_succeeds_ends_its_row_once(tick, instance, store):
    insert(store, DRY_RUN)
    [request] = tick()
    start(instance, request)
    end(instance, request, "PIPELINE_FAILURE")
    tick()
    [failed] = rows(store)
    assert not store.call(
        "note_run_request",
        {"wanted_request": failed["request_id"], "new_state": "done", "of_run": "another", "why": ""},
    )
    assert rows(store) == [failed]


def test_a_request_launches_its_campaign_once(launching, tick, store):
    insert(store, {**DRY_RUN, "is_dry_run": False, "people_limit": 2, "activates": True})
    [request] = tick()
    config = request.run_config["ops"][GRAPH]["config"] | {"watch_minutes": 0.0}
    assert launching.run(tags=request.tags, **config).success
    assert launching.run(tags=request.tags, **config).success
    assert len(launching.launches()) == 1
    assert launching.world.ledger() == {"active": 2}
    assert tick(launching.instance) == []
    assert rows(store)[0]["state"] == "done"


def test_an_operator_and_an_admin_ask_in_their_own_name_and_see_what_became_of_it(ask):
    for person in (OLGA, ADA):
        answer = ask(person, requested_by=person, **DRY_RUN)
        assert answer.status_code == 201, answer.text
        [row] = answer.json()
        assert (row["state"], row["is_dry_run"], row["activates"]) == ("asked", True, False)
        [seen] = ask(person, "GET").json()
        assert seen == row


@pytest.mark.parametrize("job", ALL_JOBS)
def test_every_job_that_may_be_asked_for_can_be(ask, job):
    assert ask(OLGA, requested_by=OLGA, **row_of(job)).status_code == 201


@pytest.mark.parametrize(
    ("who", "name"),
    [(VERA, VERA), (IVO, IVO), (UNKNOWN, UNKNOWN), (OLGA, ADA), (VERA, OLGA), (OLGA, None), (None, None), (None, OLGA)],
    ids=[
        "a viewer",
        "who left",
        "who is unknown",
        "in another's name",
        "a viewer in an operator's name",
        "in nobody's name",
        "without a token",
        "without a token in an operator's name",
    ],
)
def test_nobody_else_starts_a_run(ask, store, who, name):
    named = {"requested_by": name} if name else {}
    # Without the row in the answer: whoever may not see it could still have asked.
    answer = ask(who, prefer="return=minimal", **named, **DRY_RUN)
    assert answer.status_code in (401, 403), answer.text
    assert answer.json()["code"] == "42501"
    assert rows(store) == []


def test_who_is_made_a_viewer_starts_no_run_any_more(ask, database):
    assert ask(OLGA, requested_by=OLGA, **DRY_RUN).status_code == 201
    database.execute("update users set role = 'viewer' where id = %s", (OLGA,))
    assert ask(OLGA, prefer="return=minimal", requested_by=OLGA, **DRY_RUN).status_code == 403


@pytest.mark.parametrize(
    "column",
    [
        {"state": "done"},
        {"run_id": "a"},
        {"reason": "a"},
        {"request_id": str(uuid4())},
        {"requested_at": "2026-01-01T00:00:00Z"},
        {"ended_at": "2026-01-01T00:00:00Z"},
    ],
    ids=lambda column: next(iter(column)),
)
def test_an_operator_sets_nothing_but_what_is_asked_for(ask, store, column):
    assert ask(OLGA, prefer="return=minimal", requested_by=OLGA, **DRY_RUN, **column).status_code == 403
    assert rows(store) == []


def test_nobody_but_the_service_role_changes_or_deletes_a_request(ask, store, supabase):
    ask(OLGA, requested_by=OLGA, **DRY_RUN)
    before = rows(store)
    for who in (OLGA, ADA, None):
        for method, change in (("PATCH", {"state": "done"}), ("PATCH", {"people_limit": 5}), ("DELETE", {})):
            assert ask(who, method, "?state=eq.asked", **change).status_code in (401, 403)
        answer = httpx.post(
            f"{supabase.url}/rest/v1/rpc/note_run_request",
            json={"wanted_request": before[0]["request_id"], "new_state": "done", "of_run": "", "why": ""},
            headers={
                "apikey": supabase.publishable_key,
                "Authorization": f"Bearer {supabase.user_token(who) if who else supabase.publishable_key}",
            },
        )
        assert answer.status_code in (401, 403)
    assert rows(store) == before


def test_nobody_sees_what_somebody_else_asked_for(ask):
    ask(OLGA, requested_by=OLGA, **DRY_RUN)
    assert [ask(who, "GET").json() for who in (ADA, VERA, IVO, UNKNOWN)] == [[], [], [], []]
    assert ask(None, "GET").status_code == 401


@pytest.mark.parametrize(
    "row",
    [
        {"job_name": "campaign_launch"},
        {"job_name": "campaign_launch", "campaign_name": ""},
        {"job_name": "instantly_sync", "campaign_name": "plans"},
        {"job_name": "data_retention"},
        {**DRY_RUN, "people_limit": 0},
        {**DRY_RUN, "people_limit": -1},
        {**DRY_RUN, "is_dry_run": None},
    ],
    ids=str,
)
def test_a_row_that_cannot_be_meant_is_refused_at_once(ask, store, row):
    answer = ask(OLGA, requested_by=OLGA, **row)
    assert answer.status_code == 400, answer.text
    assert rows(store) == []
