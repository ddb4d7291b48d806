"""`/files`: the inputs of batches, and what batches write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from sandbox.openai.endpoint import Endpoint
from sandbox.openai.errors import invalid, missing, refused
from sandbox.openai.multipart import read_parts
from sandbox.openai.paging import page
from sandbox.openai.parameters import check_choice

if TYPE_CHECKING:
    from sandbox.openai.endpoint import Call

Json = dict[str, Any]
_LARGEST_BYTES = 200 * 1024 * 1024
_MOST_ROWS = 10_000
_ORDERS = frozenset({"asc", "desc"})


def _upload(call: Call) -> Json:
    parts = read_parts(call.asked)
    for name in ("purpose", "file"):
        if name not in parts:
            raise missing(name)
    purpose, file = parts["purpose"].content.decode("utf-8", "replace"), parts["file"]
    if purpose != "batch":
        raise invalid("purpose", "this stand-in takes files for 'batch' only.")
    if len(file.content) > _LARGEST_BYTES:
        raise refused(413, f"The file has {len(file.content)} bytes; {_LARGEST_BYTES} are allowed.")
    return call.world.files.add(call.world, file.file_name or "upload", purpose, file.content).as_json()


def _list(call: Call) -> Json:
    query = call.asked.query
    check_choice("order", query.get("order", "desc"), _ORDERS)
    wanted = query.get("purpose")
    rows = [file.as_json() for file in call.world.files.all(call.world) if wanted in (None, file.purpose)]
    if query.get("order", "desc") == "desc":
        rows.reverse()
    return page(rows, query, default_limit=_MOST_ROWS, most=_MOST_ROWS)


def _retrieve(call: Call) -> Json:
    return call.world.files.with_id(call.world, call.path["file_id"]).as_json()


def _content(call: Call) -> orjson.Fragment:
    """Give back the bytes as they are, which need not be JSON."""
    return orjson.Fragment(call.world.files.with_id(call.world, call.path["file_id"]).content)


def _delete(call: Call) -> Json:
    call.world.files.delete(call.world, call.path["file_id"])
    return {"id": call.path["file_id"], "object": "file", "deleted": True}


ENDPOINTS = [
    Endpoint("POST", "/files", _upload, changes=True),
    Endpoint("GET", "/files", _list),
    Endpoint("GET", "/files/{file_id}", _retrieve),
    Endpoint("GET", "/files/{file_id}/content", _content),
    Endpoint("DELETE", "/files/{file_id}", _delete, changes=True),
]
