"""The bare limit: fetch and decode the pages, COPY the rows. Nothing is merged, checked, retried or accounted for.

python -m bench.bare
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_COPY = """
copy bare_accounts (email, first_name, last_name, account_status, warmup_status, warmup_score, raw_json) from stdin
"""
_TABLE = """
drop table if exists bare_accounts;
create table bare_accounts (
  email text primary key, first_name text, last_name text, account_status smallint, warmup_status smallint,
  warmup_score numeric, raw_json jsonb not null
)
"""


def main() -> None:
    """Fetch and COPY, page by page, in one transaction."""
    began_s = time.perf_counter()
    rows = 0
    with psycopg.connect(os.environ["SUPABASE_DB_URL"]) as connection:
        connection.execute(_TABLE)
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in _accounts():
                copy.write_row(
                    (
                        row["email"],
                        row.get("first_name"),
                        row.get("last_name"),
                        row.get("status"),
                        row.get("warmup_status"),
                        row.get("stat_warmup_score"),
                        orjson.dumps(row).decode(),
                    )
                )
                rows += 1
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began_s}))


def _accounts() -> Iterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {os.environ['INSTANTLY_API_KEY']}"}
    params: dict[str, Any] = {"limit": 100}
    with httpx.Client(base_url=os.environ["INSTANTLY_BASE_URL"], headers=headers, timeout=60) as client:
        while True:
            page = orjson.loads(client.get("/accounts", params=params).raise_for_status().content)
            yield from page["items"]
            if not page.get("next_starting_after"):
                return
            params["starting_after"] = page["next_starting_after"]


if __name__ == "__main__":
    main()
