"""One Supabase client a process, and its errors told apart by what to do next.

Source: supabase-py 2.34; postgrest.org, "Errors"; supabase.com/docs, "API keys".
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
from postgrest.exceptions import APIError
from supabase import Client, ClientOptions, SupabaseException, create_client

from modules.shared.errors import OutreachError, PermanentError, RetryableError
from modules.shared.http_client import certificates
from modules.shared.logger import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

_RETRYABLE_CODES = frozenset({"429", "502", "503", "504", "520", "522", "40001", "40P01", "57P01"})
_RETRYABLE_CLASSES = ("08", "53", "PGRST00")
"""The database is out of reach, out of resources, or PostgREST has not connected yet."""
_OUTAGES = frozenset({429, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses of whatever stands in front of PostgREST; what it writes beside them names no code that could be read."""
STALE_SCHEMA_CODES = frozenset({"PGRST202", "PGRST204", "PGRST205", ""})
"""A function, column or table that the API does not know. PostgREST 12 says nothing at all of a missing table."""
TOO_LARGE_CODES = frozenset({"57014", "413"})
"""The statement ran out of time, or the body was too large: half of it may pass."""
BAD_ROW_CLASSES = ("22", "23")
"""A value or a constraint: one row of the batch is to blame."""

_ADVICE = {
    "": "The table may be missing (run `outreach migrate`), or the key is not accepted (check SUPABASE_KEY).",
    "42501": "The key's role lacks a right. SUPABASE_KEY must be the secret key (sb_secret_…), and the migrations must "
    "be applied: `outreach migrate`.",
    "42P01": "The table is missing: run `outreach migrate`.",
    "PGRST202": "The function is missing: run `outreach migrate`.",
    "PGRST204": "A column is missing: run `outreach migrate`.",
    "PGRST205": "The table is missing: run `outreach migrate`.",
    "PGRST301": "The key is not accepted: check SUPABASE_KEY.",
    "401": "The key is not accepted: check SUPABASE_KEY.",
}


@contextmanager
def supabase_client(url: str, key: str, *, timeout_s: float = 60.0) -> Iterator[Client]:
    """The client, closed on the way out. Nothing is contacted yet.

    Args:
        url: SUPABASE_URL, without /rest/v1.
        key: SUPABASE_KEY, the secret one: everything the pipeline keeps is for the service role alone.
        timeout_s: Longer than the database's own limits, so that its clear answer wins over a client's time-out.

    Raises:
        PermanentError: URL or key cannot be right.
    """
    if key.startswith("sb_publishable_"):
        raise PermanentError("Supabase: SUPABASE_KEY is a publishable key; use the secret one (sb_secret_…).")
    # Idle HTTP/2 connections are dropped without a word (supabase-py #1064), so HTTP/1.1 and a short keep-alive.
    http = httpx.Client(
        timeout=httpx.Timeout(timeout_s, connect=10.0),
        limits=httpx.Limits(max_connections=10, keepalive_expiry=20),
        event_hooks={"response": [_raise_outage]},
        verify=certificates(),
    )
    options = ClientOptions(
        auto_refresh_token=False, persist_session=False, httpx_client=http, postgrest_client_retry=False
    )
    with http:
        try:
            client = create_client(url, key, options=options)
        except SupabaseException as error:
            raise PermanentError(f"Supabase: {error}. Check SUPABASE_URL and SUPABASE_KEY.") from error
        yield client


@contextmanager
def supabase_errors(asked: str) -> Iterator[None]:
    """Turns what the Supabase client raises into our errors. `asked` names the call, for the message."""
    try:
        yield
    except APIError as error:
        raise _from_answer(error, asked) from error
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise RetryableError(f"Supabase: {asked} was answered {status}. Try again later.", status=status) from error
    except httpx.HTTPError as error:
        raise RetryableError(
            f"Supabase: {asked} failed on the way ({type(error).__name__}). "
            "Check SUPABASE_URL and that the project is running (`outreach local up` for the local one)."
        ) from error


def _raise_outage(response: httpx.Response) -> None:
    """Tell an outage by its status, and by what is no answer of PostgREST's; the Supabase client takes both as data."""
    if response.status_code in _OUTAGES:
        response.raise_for_status()
    request = response.request
    is_page = response.headers.get("content-type", "").startswith("text/html")
    is_asked_for_rows = request.method == "GET" or "/rpc/" in request.url.path
    if response.status_code == HTTPStatus.OK and (is_page or (is_asked_for_rows and not response.read())):
        raise httpx.RemoteProtocolError("a page, or nothing, where JSON is documented", request=request)


def _from_answer(error: APIError, asked: str) -> OutreachError:
    code = error.code or ""
    # `details` is left out on purpose: it quotes the row, and rows are people.
    message = f"Supabase: {asked} was refused ({code or 'no code'}: {redact(error.message or 'no message')[:300]})."
    if code in _RETRYABLE_CODES or code.startswith(_RETRYABLE_CLASSES):
        return RetryableError(f"{message} Try again later.", code=code)
    return PermanentError(f"{message} {_ADVICE.get(code, 'Check the request.')}", code=code)
