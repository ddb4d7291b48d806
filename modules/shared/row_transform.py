"""Payloads of any service to rows of a raw table. Pure: no clock, no network, nothing dropped in silence.

A row for each payload, or a `RejectedRow` that says which field does not fit. Unknown fields pass: they stay in
`raw_json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AliasPath, ValidationError

from modules.shared.raw_table import RejectedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from modules.shared.raw_table import RawRow, RawTable


def _as_it_comes(payload: Any) -> dict[str, Any]:
    if not isinstance(payload, dict):
        raise TypeError
    return payload


def transform_rows(
    table: RawTable, payloads: Iterable[Any], *, fields: Callable[[Any], dict[str, Any]] = _as_it_comes
) -> Iterator[RawRow | RejectedRow]:
    """Rows of any table whose row class says which payload field fills which column.

    Args:
        table: With that row class.
        payloads: One a row.
        fields: The fields of a payload, where they are not at its top.
    """
    aliases = [field.validation_alias for field in table.row.model_fields.values()]
    parts = {str(alias.path[0]) for alias in aliases if isinstance(alias, AliasPath)}
    for payload in payloads:
        try:
            given = without_blanks(fields(payload))
            is_whole = all(isinstance(given[part], dict) for part in parts)
        except (TypeError, ValueError, AttributeError, KeyError):
            is_whole = False
        if not is_whole:
            reason = f"a {type(payload).__name__} where an object is documented, or one without its parts"
            yield RejectedRow(key=None, reason=reason, payload=payload)
            continue
        try:
            yield table.row.model_validate({**given, "raw_json": payload})
        except ValidationError as error:
            yield RejectedRow(key=_key_in(table, given, error), reason=rejection_reason(error), payload=payload)


def without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    """Services leave some optional fields out and send others as an empty text; both mean "not set"."""
    # Most payloads have none, and finding out is ten times as fast as copying them.
    return {name: value for name, value in fields.items() if value != ""} if "" in fields.values() else fields


def key_of_text(value: object, *, lower: bool = False) -> tuple[str, ...] | None:
    """The key of a rejected row, spelled as in the table; `None` when there is none.

    A number is none: which row of the table it stands for is not known, and that row must not pass for a missing one.
    """
    text = value.strip() if isinstance(value, str) else ""
    return (text.lower() if lower else text,) if text else None


def _key_in(table: RawTable, given: dict[str, Any], error: ValidationError) -> tuple[str, ...] | None:
    """The key, if what does not fit is something else."""
    unfit = {problem["loc"][0] for problem in error.errors(include_input=False) if problem["loc"]}
    parts: tuple[str, ...] = ()
    for column in table.key:
        alias = table.row.model_fields[column].validation_alias
        name = alias if isinstance(alias, str) else column
        part = None if name in unfit else key_of_text(given.get(name), lower=column == "email")
        if part is None:
            return None
        parts += part
    return parts


def rejection_reason(error: ValidationError) -> str:
    """Which fields do not fit and why, without the values: they may be somebody's."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_context=False, include_url=False)
    )
