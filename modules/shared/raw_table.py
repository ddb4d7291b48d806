"""How a table of the raw layer is described to the row store, and the two kinds of thing a transform yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SkipValidation

if TYPE_CHECKING:
    from collections.abc import Mapping


class RawRow(BaseModel):
    """One row of a raw table: its fields are the table's columns, but for those the store adds itself.

    The store adds `row_digest` and `synced_at`; the database adds `created_at`, `updated_at` and `deleted_at`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    raw_json: SkipValidation[dict[str, Any]]
    """The payload, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A payload that does not fit its table; it goes to `rejected_rows`.

    Attributes:
        key: Its key, column by column; `None` when not even that could be read.
        reason: Which field, and why; without the value.
        payload: As it came.
    """

    key: tuple[str, ...] | None
    reason: str
    payload: object


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A raw table.

    Attributes:
        name: In schema `public`.
        key: Primary key columns, in order.
        row: The row class.
        preview: Columns that may be shown anywhere, because they say nothing of a person.
    """

    name: str
    key: tuple[str, ...]
    row: type[RawRow]
    preview: tuple[str, ...]

    def key_of(self, record: Mapping[str, Any]) -> tuple[str, ...]:
        """The record's key, as text."""
        return tuple([str(record[column]) for column in self.key])
