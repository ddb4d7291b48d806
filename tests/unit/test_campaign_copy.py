from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.outreach.campaign_copy import Choice, CopyError, Variable, parse_copy, variables_of, written_copy
from modules.outreach.campaign_mail import (
    instantly_body,
    missing_variables,
    needed_variables,
    render,
    variant_for,
    with_constants,
)
from modules.outreach.campaign_opening import opening_line
from modules.outreach.campaign_sequence import Step, Variant
from modules.outreach.campaign_variables import LEAD_VARIABLES, lead_variables, sender_variables
from modules.shared.errors import PermanentError
from tests.fakes.campaigns import campaign

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
plain = st.text(st.characters(exclude_characters="{}|", exclude_categories=["C"]), min_size=1)
inner = st.lists(st.one_of(plain.map(str.strip).filter(bool), names.map(Variable)), min_size=1, max_size=3)
choices = st.lists(inner, min_size=1, max_size=3).map(lambda each: Choice(tuple(_joined(option) for option in each)))
copies = st.lists(st.one_of(plain, names.map(Variable), choices), max_size=5).map(lambda each: tuple(_joined(each)))


def _joined(parts):
    joined = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


@given(copies)
def test_what_is_written_is_read_back_as_the_same_parts(copy):
    assert parse_copy(written_copy(copy)) == copy


@given(st.text(st.sampled_from("{}|aR ")) | st.text())
def test_any_text_is_read_or_refused_with_a_reason_and_reading_is_stable(text):
    try:
        copy = parse_copy(text)
    except CopyError as error:
        copy, reason = (), str(error)
    else:
        reason = 'it was read as ""'
    assert reason.count('"') >= 2
    assert parse_copy(written_copy(copy)) == copy


@given(copies, st.text())
def test_a_mail_holds_no_braces_and_is_the_same_for_the_same_seed(copy, seed):
    variant = Variant(subject="", body=written_copy(copy))
    values = dict.fromkeys(variables_of(copy), "value")
    mail = render(variant, values, seed)
    assert mail == render(variant, values, seed)
    assert "{{" not in mail.body
    assert "RANDOM |" not in mail.body or "RANDOM |" in "".join(part for part in copy if isinstance(part, str))


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \n")))
def test_a_body_as_html_reads_as_its_lines(text):
    html = instantly_body(text)
    assert not re.search(r"<(?!br/>)|&(?!amp;|lt;|gt;)", html)
    lines = [line.rstrip() for line in text.strip().splitlines()]
    assert unescape(html.replace("<br/>", "\n")) == unescape("\n".join(lines).replace("&", "&amp;"))


def test_variables_and_choices_are_found_in_a_text():
    assert parse_copy("{{random|Hi {{ firstName }}| Hello }}, a | b") == (
        Choice((("Hi ", Variable("firstName")), ("Hello",))),
        ", a | b",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hi {{firstName", "two braces that nothing closes"),
        ("Hi firstName}}", "these braces close nothing"),
        ("Hi {firstName}", "a single brace"),
        ("{Hi|Hello}", "a single brace; a variable is {{name}}, a choice {{RANDOM | one | other}}"),
        ("{{firstName|there}}", "no fallback can be given"),
        ("{{}}", "no name of a variable"),
        ("{{first name}}", "no name of a variable"),
        ("{{RANDOM | a | b", "a choice that never ends"),
        ("{{RANDOM | a | }}", "an option of a choice is empty"),
        ("{{RANDOM | a | {{RANDOM | b | c}}}}", "a choice inside of a choice"),
        ("{{RANDOM | a | {{b}}", "a choice that never ends"),
        ("{{a {{b}}", "two braces that nothing closes"),
    ],
)
def test_a_text_that_nobody_can_read_is_refused_with_its_place(text, reason):
    with pytest.raises(CopyError) as caught:
        parse_copy(text)
    assert str(caught.value).startswith(reason)
    quoted = str(caught.value).split('"')[1]
    assert quoted.strip("…")
    assert quoted.strip("…") in " ".join(text.split())


def test_every_option_of_a_choice_is_chosen_by_some_lead():
    variant = Variant(subject="{{RANDOM | a | b | c}}", body="x")
    assert {render(variant, {}, str(lead)).subject for lead in range(50)} == {"a", "b", "c"}
    step = Step(delay_days=0, variants=(variant, variant.model_copy(update={"subject": "d"})))
    assert {variant_for(step, str(lead)).subject for lead in range(50)} == {variant.subject, "d"}


def test_a_variant_that_is_off_is_never_chosen():
    off = Variant(subject="off", body="x", is_active=False)
    step = Step(delay_days=0, variants=(off, Variant(subject="on", body="x")))
    assert {variant_for(step, str(lead)).subject for lead in range(20)} == {"on"}
    with pytest.raises(PermanentError, match="No variant"):
        variant_for(Step(delay_days=0, variants=(off,)), "1")


def test_a_gap_is_not_sent():
    with pytest.raises(PermanentError, match="city, firstName"):
        render(Variant(subject="{{firstName}}", body="{{RANDOM | a | {{city}}}}"), {"companyName": "x"}, "1")


def test_what_a_campaign_needs_of_a_lead_is_told():
    read = campaign(sequence__1__variants__0__body="{{RANDOM | in {{city}} | there}} {{senderName}}")
    assert needed_variables(read) == {"firstName", "companyName", "personalization", "city"}
    assert missing_variables(read, {"firstName": "Mara", "city": "Bremen"}) == ["companyName", "personalization"]


def test_values_of_a_lead_are_cleaned_of_what_would_mean_something():
    lead = {
        "first_name": "  Ma\x00ra\n{{lastName}} ",
        "last_name": "<b>Weber</b> | x",
        "company_name": "Müller & Söhne GmbH",
        "employees_count": 140,
        "city": "   ",
        "email": "mara@halden.example",
    }
    assert lead_variables(lead) == {
        "firstName": "Ma ra lastName",
        "lastName": "b Weber /b x",
        "companyName": "Müller & Söhne",
        "employees": "140",
    }


@given(st.text())
def test_no_value_of_a_lead_can_open_a_variable_or_a_tag(value):
    values = lead_variables(dict.fromkeys(LEAD_VARIABLES.values(), value))
    assert not any(set(text) & set("{}<>|\n\r\0") for text in values.values())


def test_the_senders_values_are_put_in_before_anything_is_uploaded():
    read = campaign(sender__phone="+49 40 1")
    values = sender_variables(read.sender)
    assert values["signature"] == "Lena Brandt\nNordlicht GmbH\nMusterweg 12, 20095 Hamburg\n+49 40 1"
    text = "{{firstName}} {{RANDOM | {{senderName}} | x}}\n{{postalAddress}}\n"
    assert with_constants(text, values) == "{{firstName}} {{RANDOM | Lena Brandt | x}}\nMusterweg 12, 20095 Hamburg"


def test_an_opening_line_is_the_models_or_by_a_pattern_where_that_will_do():
    facts = {"job_title": "COO", "company_name": "Halden Freight", "employees_count": 140, "country": "Austria"}
    lenient, strict = campaign().icebreaker, campaign(icebreaker__is_required=True).icebreaker
    by_model = facts | {"icebreaker_line": "Written.", "icebreaker_source": "model"}
    assert opening_line(by_model, strict) == opening_line(by_model, lenient) == "Written."
    by_pattern = facts | {"icebreaker_line": "A pattern.", "icebreaker_source": "template"}
    assert opening_line(by_pattern, strict) is None
    assert opening_line(by_pattern, lenient) == "A pattern."
    assert opening_line(facts, strict) is None
    assert "Halden Freight" in (opening_line(facts, lenient) or "")
    assert opening_line({}, lenient) is None
