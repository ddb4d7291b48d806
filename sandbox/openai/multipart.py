"""Uploads: a body of several parts, taken apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sandbox.openai.errors import refused

if TYPE_CHECKING:
    from sandbox.vendor.asked import Asked

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(r'\bname="([^"]*)"')
_FILE_NAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"')


class Part(NamedTuple):
    """One field; `file_name` is `None` for one that is no file."""

    file_name: str | None
    content: bytes


def read_parts(asked: Asked) -> dict[str, Part]:
    """Give back the fields by name. Raises the 400 of a body that is no such form."""
    kind = asked.headers.get("content-type", "")
    found = _BOUNDARY.search(kind)
    if not kind.startswith("multipart/form-data") or found is None:
        raise refused(400, "Expected a body of the type multipart/form-data.")
    parts = {}
    for piece in (b"\r\n" + asked.raw_body).split(b"\r\n--" + found[1].encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        told = head.decode("utf-8", "replace")
        if (name := _NAME.search(told)) is not None:
            file_name = _FILE_NAME.search(told)
            parts[name[1]] = Part(file_name[1] if file_name else None, content)
    return parts
