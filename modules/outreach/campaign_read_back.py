"""Whether a campaign at Instantly is the one of the file: what somebody changed there by hand, or Instantly by itself.

Instantly was seen to take a body and show an empty one afterwards, and ignores keys that it does not know. So nothing
is taken for granted because a request was answered with 200. Pure.
"""

from __future__ import annotations

import re
from html import unescape
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_upload_answers import ACTIVE, DRAFT, PAUSED, STATUS_WORDS
from modules.outreach.launch_reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

LAUNCHABLE = frozenset({DRAFT, ACTIVE, PAUSED})
"""Draft, active, paused: these can be filled up and set sending. All others need a look of a person first."""

_LINE_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_MEND = "Put it right at Instantly, or give the file another name and launch that."


def differences(shown: Json, payload: Json, settings: Json) -> Iterator[Reason]:
    """Everything in which a campaign is not what the file says; nothing if it is ready to be launched.

    Args:
        shown: As `GET /campaigns/{id}` answers it.
        payload: What the file makes of it (`campaign_payload`).
        settings: Plain values that it must show (`required_settings`). Not shown is not equal.
    """
    yield from _status(shown.get("status"))
    for name, wanted in sorted(settings.items()):
        found = shown.get(name)
        # `email_list` is compared below, where order and case do not matter.
        if name != "email_list" and (isinstance(found, bool) != isinstance(wanted, bool) or found != wanted):
            told = "is not shown" if found is None else f"is {found!r}"
            yield Reason("settings_changed", f"At Instantly {name} {told}, and the file wants {wanted!r}. {_MEND}")
    yield from _senders(shown, payload)
    yield from _schedule(shown.get("campaign_schedule"), payload["campaign_schedule"])
    yield from _sequence(_steps_of(shown), _steps_of(payload))


def _status(status: object) -> Iterator[Reason]:
    number = status if isinstance(status, int) and not isinstance(status, bool) else None
    if number not in LAUNCHABLE:
        unknown = f"in a state that is not known ({status!r})"
        name = unknown if number is None else STATUS_WORDS.get(number, unknown)
        yield Reason(
            "campaign_status",
            f"At Instantly the campaign is {name}; only a draft, active or paused one is launched. Look at it there.",
        )


def _senders(shown: Json, payload: Json) -> Iterator[Reason]:
    for name, what in (("email_list", "accounts"), ("email_tag_list", "tags")):
        found, wanted = (
            {str(value).strip().lower() for value in _items(campaign.get(name))} for campaign in (shown, payload)
        )
        more, fewer = len(found - wanted), len(wanted - found)
        if more or fewer:
            yield Reason(
                "senders_changed",
                f"At Instantly the campaign sends by {more} {what} that the file does not name, and lacks {fewer} "
                f"that it names. {_MEND}",
            )


def _schedule(shown: object, wanted: Json) -> Iterator[Reason]:
    found = shown if isinstance(shown, dict) else {}
    for name in ("start_date", "end_date"):
        # Instantly writes an empty text, or nothing, where no date was chosen.
        if (found.get(name) or None) != wanted[name]:
            yield Reason("schedule_changed", f"At Instantly the {name} is not the file's {wanted[name]}. {_MEND}")
    windows = [_window(window) for window in _items(found.get("schedules"))]
    if windows != [_window(window) for window in wanted["schedules"]]:
        yield Reason("schedule_changed", f"At Instantly days, hours or time zone are not the file's. {_MEND}")


def _window(window: object) -> object:
    """What counts of one window of sending time: not its name, and a day left out is a day off."""
    if not isinstance(window, dict):
        return None
    days, timing = window.get("days"), window.get("timing")
    days = days if isinstance(days, dict) else {}
    timing = timing if isinstance(timing, dict) else {}
    is_on = sorted(day for day, value in days.items() if value is True)
    return is_on, timing.get("from"), timing.get("to"), window.get("timezone")


def _sequence(shown: list[Any], wanted: list[Any]) -> Iterator[Reason]:
    if len(shown) != len(wanted):
        yield _changed(f"has {len(shown)} mails, and the file has {len(wanted)}")
        return
    for number, (found, step) in enumerate(zip(shown, wanted, strict=True), start=1):
        if not isinstance(found, dict) or found.get("type") != "email":
            yield _changed(f"has something else than a mail as number {number}")
            continue
        # The last wait leads nowhere.
        if number < len(wanted) and _wait(found) != _wait(step):
            yield _changed(f"waits for another time after mail {number}")
        pairs = zip_longest(_items(found.get("variants")), step["variants"])
        for letter, (variant, wanted_variant) in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", pairs, strict=False):
            told = _variant(variant, wanted_variant)
            if told:
                yield _changed(f"{told} (mail {number}, variant {letter})")


def _variant(found: object, wanted: Json | None) -> str | None:
    if wanted is None:
        return "has a variant that the file does not have"
    if not isinstance(found, dict):
        return "lacks a variant"
    if bool(found.get("v_disabled")) != bool(wanted.get("v_disabled")):
        return "has a variant switched on that is off in the file, or the other way round"
    for name in ("body", "subject"):
        if _text(found.get(name)) != _text(wanted[name]):
            return f"shows no {name}" if not _text(found.get(name)) else f"shows another {name}"
    return None


def _changed(what: str) -> Reason:
    return Reason("sequence_changed", f"At Instantly the campaign {what}. {_MEND}")


def _text(html: object) -> str:
    """A text as its reader sees it: breaks and ampersands are written in more than one way."""
    lines = _LINE_BREAK.sub("\n", html if isinstance(html, str) else "")
    return unescape(re.sub(r"[ \t]+", " ", lines)).strip()


def _wait(step: Json) -> tuple[object, object]:
    return step.get("delay"), step.get("delay_unit") or "days"


def _steps_of(campaign: Json) -> list[Any]:
    """Only the first sequence is used."""
    sequences = _items(campaign.get("sequences"))
    return _items(sequences[0].get("steps")) if sequences and isinstance(sequences[0], dict) else []


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
