"""`leads` from Instantly, Apollo and files, in a real database, over the pipeline's own way in."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from modules.instantly.instantly_lead_rows import LeadRow
from modules.outreach.lead_files import read_lead_file
from modules.outreach.lead_records import Provenance, lead_record
from modules.outreach.lead_table import merge_leads, refresh_leads
from modules.outreach.regions import Region
from modules.supabase.row_store import RowStore
from tests.fakes.apollo_purchases import bought, search_row

MARA = "mara.weber@haldenfreight.example"
TEO = "teo@larkfield.example"
ONE_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
FIRST_OF_NOVEMBER = datetime(2026, 11, 1, 9, tzinfo=UTC)
MARA_AT_INSTANTLY = {
    "first_name": "Mara",
    "last_name": "Weber",
    "company_name": "Haldenfreight",
    "website": "https://www.haldenfreight.example/about",
    "payload": {"jobTitle": "Head of Logistics", "country": "Germany", "linkedIn": "linkedin.com/in/mara-weber"},
}
MARA_AT_APOLLO = {
    "id": "5" * 24,
    "email": MARA,
    "email_status": "Verified",
    "first_name": "Mara",
    "last_name": "Weber",
    "title": "COO",
    "seniority": "c_suite",
    "country": "Germany",
    "organization": {"id": "6" * 24, "name": "Haldenfreight GmbH", "primary_domain": "haldenfreight.example"},
}


class World:
    """The database beside the pipeline: what vendors said, and what became of it."""

    def __init__(self, connection: psycopg.Connection, store: RowStore):
        self.connection = connection
        self.store = store

    def at_instantly(self, email, payload=None, **columns):
        """One lead there, as its transform leaves it."""
        columns = {"instantly_campaign_id": "a", "lead_status": 1, "email_reply_count": 0, **columns}
        row = {"instantly_lead_id": str(uuid.uuid4()), "email": email, "raw_json": Jsonb(payload or {}), **columns}
        row |= {"row_digest": "d", "synced_at": datetime.now(UTC)}
        names, places = ", ".join(row), ", ".join(["%s"] * len(row))
        self.connection.execute(f"insert into instantly_leads_raw ({names}) values ({places})", list(row.values()))

    def leads(self):
        """All of them, by address."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return {row["email"]: row for row in cursor.execute("select * from leads").fetchall()}

    def versions(self):
        """A row that is written again has another one."""
        return self.connection.execute("select email, ctid::text, xmin::text from leads order by 1").fetchall()

    def rejected(self):
        return self.connection.execute("select table_name, reason from rejected_rows order by 1, 2").fetchall()

    def time_passes(self):
        """What was read and bought so far is older than the last refresh, by more than commits may be late."""
        for table, column, hours in [
            ("instantly_leads_raw", "updated_at", 2),
            ("apollo_credit_ledger", "settled_at", 2),
            ("sync_runs", "started_at", 1),
        ]:
            self.connection.execute(f"update {table} set {column} = {column} - interval '{hours} hours'")


@pytest.fixture
def world(database, store):
    return World(database, store)


def record(email=MARA, *, source="csv:fair.csv", collected_at=FIRST_OF_NOVEMBER, region=None, basis=None, **texts):
    provenance = Provenance(source=source, collected_at=collected_at, region=region, lawful_basis=basis)
    return lead_record(email, provenance=provenance, **texts)


def test_nobody_anywhere_is_no_lead(world):
    assert refresh_leads(world.store) == {"inserted": 0, "updated": 0, "unchanged": 0, "rejected": 0}
    assert merge_leads(world.store, []) == {"inserted": 0, "updated": 0, "unchanged": 0, "rejected": 0}
    assert world.leads() == {}


def test_a_lead_of_instantly_is_described_by_what_is_said_of_it_there(world):
    world.at_instantly(MARA, MARA_AT_INSTANTLY)
    assert refresh_leads(world.store) == {"inserted": 1, "updated": 1, "unchanged": 0, "rejected": 0}
    lead = world.leads()[MARA]
    assert (
        lead.items()
        >= {
            "first_name": "Mara",
            "last_name": "Weber",
            "job_title": "Head of Logistics",
            "linkedin_url": "https://www.linkedin.com/in/mara-weber",
            "company_name": "Haldenfreight",
            "company_domain": "haldenfreight.example",
            "match_key": MARA,
            "email_domain": "haldenfreight.example",
            "registrable_domain": "haldenfreight.example",
            "is_role_address": False,
            "is_disposable": False,
            "is_free_mail": False,
            "region": "eu",
            "status": "active",
            "source": "instantly",
            "lawful_basis": None,
            "search_name": None,
        }.items()
    )
    assert lead["notice_due_on"] > datetime.now(UTC).date()


@pytest.mark.parametrize(
    "payload", [{}, {"payload": "a text"}, {"payload": ["Mara"], "first_name": 5, "website": {"url": "x"}}]
)
def test_a_lead_of_which_instantly_says_nothing_readable_is_described_by_its_address(world, payload):
    world.at_instantly("info+fair@team.haldenfreight.example", payload)
    refresh_leads(world.store)
    lead = world.leads()["info+fair@team.haldenfreight.example"]
    assert (lead["is_role_address"], lead["company_domain"], lead["first_name"], lead["region"]) == (
        True,
        "haldenfreight.example",
        None,
        "unknown",
    )


def test_a_lead_is_described_once_and_an_unchanged_run_writes_no_row(world):
    world.at_instantly(MARA, MARA_AT_INSTANTLY)
    world.at_instantly("nobody at all", {})
    bought(world.store, {"7" * 24: MARA_AT_APOLLO | {"email": TEO}})
    refresh_leads(world.store)
    before = world.versions()
    counts = refresh_leads(world.store)
    assert (counts["inserted"], counts["updated"]) == (0, 0)
    assert world.versions() == before


def test_a_second_run_looks_only_at_what_is_new(world):
    world.at_instantly(MARA, MARA_AT_INSTANTLY)
    bought(world.store, {"7" * 24: MARA_AT_APOLLO | {"email": TEO}})
    refresh_leads(world.store)
    world.time_passes()
    world.at_instantly("ines@quillmere.example")
    bought(world.store, {"8" * 24: MARA_AT_APOLLO | {"email": "noor@fernwood.example"}})
    # Of Instantly's one is new and then described; of Apollo's one is new.
    assert refresh_leads(world.store) == {"inserted": 2, "updated": 1, "unchanged": 0, "rejected": 0}
    world.time_passes()
    assert sum(refresh_leads(world.store).values()) == 0


def test_an_address_that_is_none_is_quarantined_once_and_stops_nobody(world):
    for email in ("nobody at all", "mara@", MARA):
        world.at_instantly(email)
    for _ in range(2):
        assert refresh_leads(world.store)["rejected"] == 2
    reasons = [("leads", "email: there is no @ in it"), ("leads", "email: what stands after the @ is no domain that")]
    assert [(table, reason[:46]) for table, reason in world.rejected()] == [
        (table, reason[:46]) for table, reason in reasons
    ]
    assert world.leads()[MARA]["match_key"] == MARA
    assert {email for email, lead in world.leads().items() if lead["match_key"] is None} == {"nobody at all", "mara@"}


def test_apollos_placeholder_is_never_a_lead_and_stops_nobody(world, database):
    placeholder = "email_not_unlocked@domain.com"
    world.at_instantly(placeholder)
    world.at_instantly(MARA)
    bought(world.store, {"7" * 24: MARA_AT_APOLLO | {"email": placeholder}})
    refresh_leads(world.store)
    assert set(world.leads()) == {MARA}
    with pytest.raises(psycopg.errors.CheckViolation, match="leads_email_is_no_placeholder"):
        database.execute("update leads set email = %s", [placeholder])


def test_people_of_apollo_become_leads_who_say_where_they_come_from(world):
    world.store.call("apply_searches", {"searches": [search_row(region="uk")]})
    bought(
        world.store,
        {"5" * 24: MARA_AT_APOLLO, "7" * 24: None, "8" * 24: MARA_AT_APOLLO | {"email": None}},
        search_name="operations",
    )
    assert refresh_leads(world.store) == {"inserted": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    lead = world.leads()[MARA]
    assert (
        lead.items()
        >= {
            "status": "new",
            "source": "apollo",
            "search_name": "operations",
            "lawful_basis": "legitimate_interest",
            # As the search says, whatever the country.
            "region": "uk",
            "email_status": "verified",
            "seniority": "c_suite",
            "job_title": "COO",
            "apollo_person_id": "5" * 24,
            "apollo_organization_id": "6" * 24,
            "company_domain": "haldenfreight.example",
        }.items()
    )
    month_later = lead["notice_due_on"] - lead["collected_at"].astimezone(UTC).date()
    assert timedelta(days=28) <= month_later <= timedelta(days=31)


def test_an_address_and_a_number_that_were_bought_one_after_the_other_are_both_kept(world):
    bought(world.store, {"5" * 24: MARA_AT_APOLLO})
    later = {"phone_numbers": [{"sanitized_number": "+49305550100"}]}
    sparse = {"id": "5" * 24, "email": MARA, "first_name": "Mara", "delivered": later}
    bought(world.store, {"5" * 24: sparse}, data_kind="phone")
    refresh_leads(world.store)
    lead = world.leads()[MARA]
    assert (lead["phone"], lead["job_title"], lead["email_status"]) == ("+49305550100", "COO", "verified")


def from_instantly(world, _):
    world.at_instantly(MARA.upper().lower(), MARA_AT_INSTANTLY)
    refresh_leads(world.store)


def from_apollo(world, _):
    bought(world.store, {"5" * 24: MARA_AT_APOLLO | {"email": "Mara.Weber@HaldenFreight.example"}}, search_name="x")
    refresh_leads(world.store)


def from_a_file(world, folder):
    file = folder / "fair.csv"
    file.write_text(f"E-Mail;Telefon;Stadt\nMara Weber <{MARA}>;+49 30 5550100;Berlin\n")
    provenance = Provenance(source="csv:fair.csv", collected_at=ONE_HOUR_AGO, lawful_basis="consent")
    merge_leads(world.store, read_lead_file(file, provenance=provenance).rows())


@pytest.mark.parametrize("order", list(itertools.permutations([from_instantly, from_apollo, from_a_file])))
def test_one_person_from_three_sources_is_one_lead_who_remembers_the_first(world, tmp_path, order):
    for bring in order:
        bring(world, tmp_path)
    ((email, lead),) = world.leads().items()
    assert email == MARA
    firsts = {from_instantly: "instantly", from_apollo: "apollo", from_a_file: "csv:fair.csv"}
    assert lead["source"] == firsts[order[0]]
    assert (
        lead.items()
        >= {
            "last_name": "Weber",
            "phone": "+49 30 5550100",
            "city": "Berlin",
            "email_status": "verified",
            "search_name": "x",
            "lawful_basis": "consent",
            "region": "eu",
            "status": "active",
        }.items()
    )


def test_who_is_known_from_elsewhere_and_says_nothing_new_is_not_written_again(world):
    merge_leads(world.store, [record(first_name="Mara", basis="consent")])
    before = world.versions()
    later = record(source="csv:other.csv", collected_at=ONE_HOUR_AGO, first_name="Mara", basis="contract")
    assert merge_leads(world.store, [later])["unchanged"] == 1
    assert world.versions() == before


texts = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ["first_name", "last_name", "job_title", "phone", "city", "company_name", "seniority", "email_status"],
        st.none() | st.sampled_from(["ada", "bo", "cy"]),
    ),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(texts, min_size=1, max_size=4), together=st.booleans())
def test_what_is_known_is_never_replaced_by_what_is_not(world, said, together):
    email = f"{uuid.uuid4()}@haldenfreight.example"
    records = [record(email, source=f"csv:{number}", **fields) for number, fields in enumerate(said)]
    for batch in [records] if together else [[each] for each in records]:
        merge_leads(world.store, batch)
    lead = world.leads()[email]
    for name in ("first_name", "job_title", "phone", "city", "company_name", "seniority", "email_status"):
        known = [fields[name] for fields in said if fields.get(name)]
        assert lead[name] == (known[-1] if known else None)
    assert lead["source"] == "csv:0"


def test_one_domain_in_two_spellings_is_one_lead(world):
    payload = {"id": "1", "campaign": "a", "email": "Jörg@Müller-Spedition.example"}
    world.at_instantly(LeadRow.model_validate(payload | {"raw_json": payload}).email)
    bought(world.store, {"5" * 24: MARA_AT_APOLLO | {"email": "jörg@xn--mller-spedition-zvb.example"}})
    refresh_leads(world.store)
    (lead,) = world.leads().values()
    assert (lead["status"], lead["job_title"]) == ("active", "COO")
    assert lead["email_domain"] == "xn--mller-spedition-zvb.example"


@pytest.mark.parametrize("stored", ["ada@müller-spedition.example", "ada@haldenfreight.example."])
def test_a_lead_whose_spelling_at_instantly_is_unusual_is_described_and_makes_no_second_one(world, stored):
    world.at_instantly(stored)
    refresh_leads(world.store)
    ((email, lead),) = world.leads().items()
    assert email == stored
    assert lead["match_key"] in {"ada@xn--mller-spedition-zvb.example", "ada@haldenfreight.example"}


def test_a_status_that_instantly_set_is_left_alone(world):
    world.at_instantly(MARA, lead_status=-2)
    refresh_leads(world.store)
    merge_leads(world.store, [record(first_name="Mara"), record(TEO)])
    bought(world.store, {"5" * 24: MARA_AT_APOLLO})
    refresh_leads(world.store)
    assert {email: lead["status"] for email, lead in world.leads().items()} == {MARA: "unsubscribed", TEO: "new"}


def test_a_lead_of_apollo_that_instantly_gets_later_has_its_state_there_and_stays_when_it_is_gone(world, database):
    bought(world.store, {"5" * 24: MARA_AT_APOLLO})
    refresh_leads(world.store)
    assert world.leads()[MARA].items() >= {"status": "new", "is_listed": False, "campaigns_count": 0}.items()
    world.at_instantly(MARA)
    refresh_leads(world.store)
    assert (
        world.leads()[MARA].items()
        >= {
            "status": "active",
            "is_listed": True,
            "campaigns_count": 1,
            "source": "apollo",
            "job_title": "COO",
        }.items()
    )
    database.execute("update instantly_leads_raw set deleted_at = now(), updated_at = now()")
    refresh_leads(world.store)
    assert world.leads()[MARA].items() >= {"status": "unknown", "is_listed": False, "job_title": "COO"}.items()
    database.execute("delete from instantly_leads_raw")
    refresh_leads(world.store)
    assert set(world.leads()) == {MARA}


@pytest.mark.parametrize(
    ("country", "later", "region", "due"),
    [
        # The first moment counts, by whatever law.
        (None, "Germany", "eu", date(2026, 12, 1)),
        ("Germany", "United Kingdom", "uk", date(2026, 12, 1)),
        (None, "USA", "us", None),
        ("Germany", None, "eu", date(2026, 12, 1)),
        ("USA", None, "us", None),
        (None, None, "unknown", date(2026, 12, 1)),
        ("USA", "Germany", "eu", date(2026, 12, 20)),
    ],
)
def test_the_notice_is_due_by_the_law_of_the_region_that_is_known_now(world, country, later, region, due):
    merge_leads(world.store, [record(country=country)])
    merge_leads(world.store, [record(country=later, collected_at=datetime(2026, 11, 20, 9, tzinfo=UTC))])
    lead = world.leads()[MARA]
    assert (lead["region"], lead["notice_due_on"]) == (region, due)
    assert lead["collected_at"] == FIRST_OF_NOVEMBER


def test_a_region_that_the_file_says_goes_before_the_country(world):
    merge_leads(world.store, [record(country="USA", region=Region.EU, basis="consent")])
    lead = world.leads()[MARA]
    assert (lead["region"], lead["lawful_basis"], lead["country"]) == ("eu", "consent", "USA")


class CountingStore(RowStore):
    """Counts what it calls."""

    calls = 0

    def call(self, function, parameters):
        self.calls += 1
        return super().call(function, parameters)


def test_twenty_thousand_leads_take_few_requests_and_a_second_run_fewer(world, database):
    database.execute(
        "insert into instantly_leads_raw (instantly_lead_id, instantly_campaign_id, email, lead_status, raw_json, "
        "row_digest, synced_at, updated_at) select n, 'a', 'lead' || n || '@firm' || n % 3000 || '.example', 1, "
        """jsonb_build_object('first_name', 'Ada', 'payload', '{"country": "Norway"}'::jsonb), 'd', now(), """
        "now() - interval '1 hour' from generate_series(1, 20000) as n"
    )
    counting = CountingStore(world.store._client)
    assert refresh_leads(counting) == {"inserted": 20_000, "updated": 20_000, "unchanged": 0, "rejected": 0}
    # Two for each five hundred.
    assert counting.calls <= 90
    described = database.execute("select count(*), count(distinct company_domain), min(region) from leads").fetchone()
    assert described == (20_000, 3_000, "eu")
    counting.calls = 0
    assert sum(refresh_leads(counting).values()) == 0
    assert counting.calls <= 5
