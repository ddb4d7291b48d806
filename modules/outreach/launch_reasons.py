"""What stands against a launch, for programs by its code and for people by its text."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """One of them. The text says what is wrong and what to do, and holds no address and no text of a mail."""

    code: str
    text: str


def shown_sender(email: str) -> str:
    """An address so that its owner knows it: messages are kept in Dagster's log, where no address belongs.

    >>> shown_sender("mara@try-haldenfreight.example")
    'ma… of try-haldenfreight.example'
    """
    local_part, _, domain = email.rpartition("@")
    return f"{local_part[:2]}… of {domain}"
