from __future__ import annotations

import copy
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.instantly.instantly_personal_fields import FIELDS_OF
from modules.instantly.instantly_pseudonyms import REMOVED, Pseudonyms
from modules.instantly.instantly_rows import WORKSPACE_TOTAL, CampaignPayload
from modules.instantly.instantly_tables import TABLE_OF
from modules.instantly.instantly_transform import transform_campaigns, transform_daily_analytics, transform_steps
from modules.shared.raw_table import RawRow
from modules.shared.row_transform import transform_rows
from sandbox.instantly.world import World, WorldSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

KEY = b"a key that nobody guesses"
PSEUDONYMS = Pseudonyms(KEY)
MARA = "mara.okonedo@haldenfreight.example"
PSEUDONYM = re.compile(r"person-[0-9a-f]{16}@company-[0-9a-f]{16}\.example")
PERSONAL_COLUMNS = {
    "email",
    "lead_email",
    "sender_email",
    "first_name",
    "last_name",
    "company_domain",
    "blocked_value",
    "workspace_name",
    "raw_json",
}

locals_of_addresses = st.from_regex(r"[a-z0-9](?:[a-z0-9.+_-]{0,12}[a-z0-9])?", fullmatch=True)
domains = st.from_regex(r"[a-z]{3,12}(?:-[a-z]{2,5})?\.(?:example|com|co\.uk)", fullmatch=True)
addresses = st.builds("{}@{}".format, locals_of_addresses, domains)
before_one = st.sampled_from(["", "<", "(", "\n", "'", "mailto:", "https://x.example/unsubscribe?email="])
after_one = st.sampled_from(["", ">", ")", ", ", ";", "\n", "'", "!", ".", "?subject=1", "/", "|"])
# A word that no digest, no field and no state holds: if it is in the result, it came through.
secrets = st.from_regex(r"Zq[a-z]{6,9}", fullmatch=True)
SECRET = re.compile(r"zq[a-z]{6}", re.IGNORECASE)


@st.composite
def personal_values(draw: st.DrawFn) -> Any:
    """Whatever a team may store: secrets as texts, as parts of texts, as names, in lists, beside numbers."""
    texts = st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "Dear ", "https://x.example/", "@"]),
        secrets,
        st.sampled_from(["", "!", ".example"]),
    )
    mails = st.builds("{}.{}@{}.example".format, secrets, secrets, secrets)
    leaves = st.one_of(texts, mails, st.booleans(), st.none())
    return draw(
        st.recursive(
            leaves,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | mails, inner, max_size=3),
            max_leaves=6,
        )
    )


def pseudonymised(entity: str, payload: Any) -> str:
    return orjson.dumps(PSEUDONYMS.payload(entity, payload)).decode()


def world_payloads() -> dict[str, list[Any]]:
    """Payloads of every entity that has people in it, as Instantly's stand-in would show them."""
    world = World(WorldSettings(seed=3, campaigns=10, accounts=30, leads=300, days=40, today=date(2026, 11, 20)))
    workspace = world.workspaces[0]
    accounts = list(workspace.accounts.after(None))
    first = next(iter(workspace.campaigns.after(None)))
    return {
        "workspace": [{"workspace": workspace.row(), "plan": {"organization_name": workspace.name}}],
        "campaigns": [CampaignPayload(campaign=row, analytics=None) for row in workspace.campaigns.after(None)],
        "accounts": accounts,
        "account_warmup": [{"email": row["email"], "total": {"sent": 4}, "days": {}} for row in accounts],
        "account_daily": [{"date": "2026-11-20", "email_account": row["email"], "sent": 3} for row in accounts],
        "daily_analytics": [{"campaign_id": WORKSPACE_TOTAL, "day": {"date": "2026-11-20", "sent": 3}}],
        "steps": [{"campaign_id": first["id"], "step": {"step": "0", "variant": "1", "sent": 5}}],
        "lead_lists": workspace.small.lists,
        "lead_labels": workspace.small.labels,
        "leads": list(workspace.leads.after(None)),
        "emails": list(workspace.emails.after(None, ascending=True)),
        "block_list": list(workspace.block_list.after(None)),
        "tags": workspace.small.tags,
        "tag_mappings": workspace.small.tag_mappings,
        "background_jobs": workspace.small.jobs,
    }


WORLD = world_payloads()


def rows_of(entity: str, payloads: Iterable[Any]) -> Iterator[Any]:
    special: dict[str, Callable[[Iterable[Any]], Iterator[Any]]] = {
        "campaigns": transform_campaigns,
        "steps": transform_steps,
        "daily_analytics": transform_daily_analytics,
    }
    return special.get(entity, lambda given: transform_rows(TABLE_OF[entity], given))(payloads)


def test_every_entity_says_which_of_its_fields_stay():
    assert FIELDS_OF.keys() == TABLE_OF.keys() == WORLD.keys()


@pytest.mark.parametrize("entity", TABLE_OF)
def test_a_pseudonymised_payload_becomes_the_same_row_but_for_the_person(entity: str):
    assert WORLD[entity]
    rows = rows_of(entity, WORLD[entity])
    clean_rows = rows_of(entity, [PSEUDONYMS.payload(entity, payload) for payload in WORLD[entity]])
    for row, clean_row in zip(rows, clean_rows, strict=True):
        assert isinstance(row, RawRow)
        fields, clean_fields = row.model_dump(), clean_row.model_dump()
        for column, value in fields.items():
            if column not in PERSONAL_COLUMNS:
                assert clean_fields[column] == value, column
            else:
                assert (clean_fields[column] is None) == (value is None), column


def test_no_address_domain_or_name_of_the_world_survives():
    clean = "\n".join(pseudonymised(entity, payload) for entity, payloads in WORLD.items() for payload in payloads)
    words = set(re.findall(r"[^\W_]+(?:[.@-][^\W_]+)*", clean.lower()))
    people = [*WORLD["leads"], *WORLD["accounts"]]
    names = {row.get(name) for row in people for name in ("first_name", "last_name", "company_name", "job_title")}
    emails = {row["email"] for row in people}
    hidden = emails | {email.rpartition("@")[2] for email in emails} | names | {"rivalfreight.example"}
    assert len(hidden) > 200
    survivors = [text for text in hidden if text and (text.lower() in words or (" " in text and text in clean))]
    assert survivors == []
    assert "Saw the news" not in clean
    assert "Thursday" not in clean


@settings(max_examples=200)
@given(
    st.sampled_from(["leads", "emails", "accounts"]),
    st.sampled_from(["first_name", "body", "subject", "signature", "payload", "linkedin", "status_message", "warmup"]),
    personal_values(),
)
def test_what_is_not_listed_does_not_come_through_however_deep_it_stands(entity: str, field: str, value: Any):
    assert SECRET.search(pseudonymised(entity, {"id": "019a", field: value})) is None


@given(personal_values())
def test_a_whole_payload_of_an_unexpected_kind_does_not_come_through(value: Any):
    for entity in ("leads", "emails", "accounts", "campaigns", "workspace", "block_list"):
        assert SECRET.search(pseudonymised(entity, value)) is None
        PSEUDONYMS.payload("something new", value)


@given(addresses, before_one, after_one)
def test_an_address_has_one_pseudonym_wherever_it_stands(address: str, before: str, after: str):
    pseudonym = PSEUDONYMS.address(address)
    assert PSEUDONYM.fullmatch(pseudonym)
    in_text = f"one {before}{address}{after} two"
    lead = PSEUDONYMS.payload("leads", {"email": address.upper(), "personalization": in_text, "payload": {address: 1}})
    assert lead["email"] == pseudonym
    assert pseudonym in lead["personalization"]
    assert lead["payload"] == {pseudonym: 0}
    tag = PSEUDONYMS.payload("tags", {"id": "019a", "label": in_text, address: [address]})
    assert pseudonym in tag["label"]
    assert tag[pseudonym] == [pseudonym]
    assert address not in orjson.dumps(tag).decode().lower()


@given(st.lists(addresses, min_size=1, max_size=4), st.sampled_from([",", ", ", ";", " "]))
def test_a_list_in_one_text_stays_a_list_in_one_text(several: list[str], separator: str):
    mail = PSEUDONYMS.payload("emails", {"to_address_email_list": separator.join(several)})
    assert mail["to_address_email_list"] == separator.join(map(PSEUDONYMS.address, several))


@given(addresses)
def test_an_address_in_a_link_is_the_same_as_outside(address: str):
    note = PSEUDONYMS.payload("leads", {"payload": {"note": f"https://x.example/?e={quote(address, safe='')}&n=1"}})
    assert note["payload"].popitem()[1].endswith(PSEUDONYMS.address(address))


@given(locals_of_addresses, locals_of_addresses, domains)
def test_colleagues_stay_colleagues_and_their_company_stays_theirs(one: str, other: str, domain: str):
    colleagues = [PSEUDONYMS.address(f"{local}@{domain}") for local in (one, other)]
    of_domain = {pseudonym.rpartition("@")[2] for pseudonym in colleagues}
    lead = {"company_domain": domain.upper(), "website": f"https://www.{domain}/about?x=1"}
    clean = PSEUDONYMS.payload("leads", lead)
    blocked = [
        PSEUDONYMS.payload("block_list", {"bl_value": value})["bl_value"] for value in (domain, f"{one}@{domain}")
    ]
    assert {clean["company_domain"], clean["website"].removeprefix("https://"), blocked[0]} == of_domain
    assert blocked[1] == colleagues[0]
    assert (colleagues[0] == colleagues[1]) == (one == other)


@given(addresses, st.binary(min_size=1, max_size=100), st.binary(min_size=1, max_size=100))
def test_another_key_gives_other_pseudonyms_and_the_same_key_the_same(address: str, key: bytes, other_key: bytes):
    assert Pseudonyms(key).address(address) == Pseudonyms(key).address(address)
    assert Pseudonyms(key).check == Pseudonyms(key).check
    assert (Pseudonyms(key).address(address) == Pseudonyms(other_key).address(address)) == (key == other_key)
    assert (Pseudonyms(key).check == Pseudonyms(other_key).check) == (key == other_key)


@pytest.mark.parametrize(
    "name",
    [
        "Spring / {}",
        "ask {} first",
        "<{}>",
        "see https://{}/about",
        "{}?x=1",
    ],
)
def test_names_that_a_team_gave_stay_but_for_the_domains_and_addresses_in_them(name: str):
    for found, pseudonym in ((MARA, PSEUDONYMS.address(MARA)), ("nordkai.com", PSEUDONYMS.domain("nordkai.com"))):
        campaign = {
            "campaign": {"id": "019a", "name": name.format(found)},
            "analytics": {"campaign_name": name.format(found)},
        }
        clean = PSEUDONYMS.payload("campaigns", campaign)
        assert clean["campaign"]["name"] == clean["analytics"]["campaign_name"]
        assert pseudonym in clean["campaign"]["name"]
        assert found not in clean["campaign"]["name"]


@pytest.mark.parametrize("name", ["2026-10 DACH / ops leads 2", "v2.0 @ noon", "Q3", "50 % off, 8.5 days", ""])
def test_other_names_stay_as_they_are(name: str):
    assert PSEUDONYMS.payload("tags", {"label": name}) == {"label": name}


def test_numbers_stay_where_they_are_listed_and_nowhere_else():
    lead = {
        "status": 3,
        "phone": 4915112345,
        "new_score": 2.5,
        "payload": {"fleet": 41, "is_customer": True, "x": None},
    }
    clean = PSEUDONYMS.payload("leads", lead)
    assert clean["status"] == 3
    assert clean["phone"] == 0
    assert 2.5 not in clean.values()
    assert sorted(map(str, clean["payload"].values())) == ["0", "None", "True"]


@pytest.mark.parametrize("blank", ["", " ", None, [], {}])
def test_what_was_not_filled_in_stays_so(blank: object):
    lead = {"first_name": blank, "company_domain": blank, "email": blank}
    assert PSEUDONYMS.payload("leads", lead) == lead


def test_a_variable_keeps_one_hidden_name():
    clean = [PSEUDONYMS.payload("leads", {"payload": {"Mara's notes": text}}) for text in ("a", "b")]
    assert clean[0] == clean[1]
    ((name, value),) = clean[0]["payload"].items()
    assert re.fullmatch(r"field-[0-9a-f]{16}", name)
    assert value == REMOVED


@pytest.mark.parametrize("long", ["a" * 300_000, "a@" * 100_000, "a.b" * 100_000, "'" * 300_000, ".-+" * 100_000 + "@"])
def test_a_long_text_without_blanks_costs_no_more_than_its_length(long: str):
    PSEUDONYMS.payload("leads", {"id": long, "website": long, "personalization": long})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_any_payload_keeps_its_kind_and_is_not_changed_itself(payload: Any):
    before = copy.deepcopy(payload)
    for entity in FIELDS_OF:
        assert type(PSEUDONYMS.payload(entity, payload)) is type(payload)
    assert payload == before
