"""The files of the Batch API: a line a request, a line a result, in no order.

Source: platform documentation, "Batch API".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT: Literal["/v1/responses"] = "/v1/responses"
MOST_BYTES = 150_000_000
MOST_LINES = 50_000
"""The documented limits of a file are 200 MB and 50,000 lines."""
_ASK_AGAIN = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What became of one line.

    Attributes:
        custom_id: As it was sent.
        state: `answered`; `requeued`: it did not run, or would have later; `refused`: the request itself is wrong.
        response: The answer; `None`: there is none.
        reason: Why there is none; nothing of the person.
    """

    custom_id: str
    state: Literal["answered", "requeued", "refused"]
    response: dict[str, Any] | None = None
    reason: str | None = None


def batch_line(custom_id: str, body: Mapping[str, Any]) -> bytes:
    """One line of the file that is uploaded, with its end; the same bytes for the same request."""
    line = {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def read_result(line: bytes | str) -> BatchResult | None:
    """One line of an output or error file; `None`: it is none."""
    try:
        result = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    custom_id = result.get("custom_id") if isinstance(result, dict) else None
    if not isinstance(custom_id, str):
        return None
    response = result.get("response")
    if not isinstance(response, dict):
        return BatchResult(custom_id=custom_id, state="requeued", reason=_code(result.get("error")) or "it did not run")
    status, body = response.get("status_code"), response.get("body")
    if status == 200 and isinstance(body, dict):  # noqa: PLR2004
        return BatchResult(custom_id=custom_id, state="answered", response=body)
    code = _code(body.get("error")) if isinstance(body, dict) else None
    is_final = isinstance(status, int) and 400 <= status < 500 and status not in _ASK_AGAIN  # noqa: PLR2004
    reason = f"answered {status}{f' ({code})' if code else ''}"
    return BatchResult(custom_id=custom_id, state="refused" if is_final else "requeued", reason=reason)


def _code(error: object) -> str | None:
    code = error.get("code") or error.get("type") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None
