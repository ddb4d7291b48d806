"""The small language of subjects and bodies: text, `{{variable}}`, and `{{RANDOM | one | other}}`. Pure.

Both are as Instantly writes them. A variable has no fallback, because Instantly documents none: a lead without a value
that the copy needs is left out. A choice may hold variables, and no further choice. Any other brace is an error, since
nobody can say what a recipient would see of it.

Source: Instantly API v2, "Create campaign", `sequences[].steps[].variants[]`, for variables. For choices its documents
say nothing; users write them so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MARK = re.compile(r"\{\{|\}\}|[{}|]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CHOICE_WORD = "RANDOM"
_NEAR = 24


class CopyError(ValueError):
    """A text that cannot be read; the message quotes the place."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What is filled in for each lead, or from the file."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these, at random. An option is trimmed, and never empty."""

    options: tuple[Copy, ...]


Part: TypeAlias = str | Variable | Choice
Copy: TypeAlias = tuple[Part, ...]


def parse_copy(text: str) -> Copy:
    """The parts of a text, in order; no two texts stand side by side.

    Raises:
        CopyError: A brace is alone, a variable's name is none, or a choice is not written as it has to be.

    >>> parse_copy("Hi {{firstName}}")
    ('Hi ', Variable(name='firstName'))
    """
    parts, end = _parts(text, 0, in_choice=False)
    if end < len(text):
        raise CopyError(f"these braces close nothing: {_quoted(text, max(0, end - _NEAR // 2))}")
    return parts


def written_copy(copy: Copy) -> str:
    """The text of parts; `parse_copy` takes it apart into the same ones."""
    return "".join(_written(part) for part in copy)


def variables_of(copy: Copy) -> Iterator[str]:
    """The names of all variables, as often as they are used."""
    for part in copy:
        if isinstance(part, Variable):
            yield part.name
        elif isinstance(part, Choice):
            for option in part.options:
                yield from variables_of(option)


def choices_of(copy: Copy) -> Iterator[Choice]:
    """All choices, in order."""
    return (part for part in copy if isinstance(part, Choice))


def filled(copy: Copy, values: Callable[[str], str | None], choose: Callable[[Choice], Copy | None]) -> Copy:
    """The same with values in the place of variables, and options in the place of choices.

    Args:
        copy: To fill.
        values: What stands for a variable; `None`: the variable stays.
        choose: Which option stands for a choice; `None`: the choice stays.
    """
    parts: list[Part] = []
    for part in copy:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Variable):
            value = values(part.name)
            parts.append(part if value is None else value)
        else:
            option = choose(part)
            if option is None:
                parts.append(Choice(tuple(filled(each, values, choose) for each in part.options)))
            else:
                parts += filled(option, values, choose)
    return _joined(parts)


def _parts(text: str, start: int, *, in_choice: bool) -> tuple[Copy, int]:
    """Parts from `start` to the end, or to what ends the option of a choice; and where they end."""
    parts: list[Part] = []
    at = start
    while mark := _MARK.search(text, at):
        parts.append(text[at : mark.start()])
        at = mark.start()
        match mark[0]:
            case "{{":
                part, at = _braced(text, at, in_choice=in_choice)
                parts.append(part)
            case "|" if not in_choice:
                parts.append("|")
                at += 1
            case "|" | "}}":
                return _joined(parts), at
            case _:
                raise CopyError(
                    f"a single brace; a variable is {{{{name}}}}, a choice {{{{RANDOM | one | other}}}}: "
                    f"{_quoted(text, at)}"
                )
    if in_choice:
        raise CopyError(f"a choice that never ends; it wants }}}} behind its last option: {_quoted(text, start)}")
    return _joined([*parts, text[at:]]), len(text)


def _braced(text: str, start: int, *, in_choice: bool) -> tuple[Variable | Choice, int]:
    """The variable or choice whose braces open there, and where it ends."""
    mark = _MARK.search(text, start + 2)
    head = text[start + 2 : mark.start() if mark else len(text)].strip()
    if mark is None or mark[0] not in {"}}", "|"}:
        raise CopyError(f"two braces that nothing closes: {_quoted(text, start)}")
    if mark[0] == "}}":
        if not _NAME.fullmatch(head):
            raise CopyError(f"no name of a variable stands between these braces: {_quoted(text, start)}")
        return Variable(head), mark.end()
    if head.upper() != _CHOICE_WORD:
        raise CopyError(
            "no fallback can be given, Instantly documents none; a choice begins with RANDOM: " + _quoted(text, start)
        )
    if in_choice:
        raise CopyError(f"a choice inside of a choice: {_quoted(text, start)}")
    return _choice(text, mark.start())


def _choice(text: str, start: int) -> tuple[Choice, int]:
    options: list[Copy] = []
    at = start
    while text[at] == "|":
        option, at = _parts(text, at + 1, in_choice=True)
        options.append(_trimmed(option))
        if not options[-1]:
            raise CopyError(f"an option of a choice is empty: {_quoted(text, start)}")
    return Choice(tuple(options)), at + 2


def _trimmed(copy: Copy) -> Copy:
    parts = list(copy)
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return _joined(parts)


def _joined(parts: list[Part]) -> Copy:
    """Without empty texts, and with neighbours made one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


def _written(part: Part) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Variable):
        return f"{{{{{part.name}}}}}"
    return f"{{{{{_CHOICE_WORD} | {' | '.join(map(written_copy, part.options))}}}}}"


def _quoted(text: str, at: int) -> str:
    return '"' + " ".join(text[at : at + _NEAR].split()) + ('…"' if at + _NEAR < len(text) else '"')
