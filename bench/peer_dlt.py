"""The peer: dlt's rest_api source merging the same pages into the same PostgreSQL. Runs in an environment of its own.

.venv-bench/bin/python bench/peer_dlt.py accounts|campaigns|leads [PIPELINES_FOLDER]

With a folder, a second run continues the first one's pipeline.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

_QUERY_PAGES = {"type": "cursor", "cursor_path": "next_starting_after", "cursor_param": "starting_after"}
_BODY_PAGES = {"type": "cursor", "cursor_path": "next_starting_after", "cursor_body_path": "starting_after"}


def main() -> None:
    """One run at dlt's defaults."""
    entity = sys.argv[1]
    base_url = os.environ["INSTANTLY_BASE_URL"] + "/"
    auth = {"type": "bearer", "token": os.environ["INSTANTLY_API_KEY"]}
    source = rest_api_source({"client": {"base_url": base_url, "auth": auth}, "resources": _resources(entity)})
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            pipeline_name=f"bench_{entity}",
            pipelines_dir=sys.argv[2] if len(sys.argv) > 2 else folder,
            destination=dlt.destinations.postgres(os.environ["SUPABASE_DB_URL"]),
            dataset_name="bench_dlt",
        )
        began_s = time.perf_counter()
        pipeline.run(source)
        seconds = time.perf_counter() - began_s
        counts = pipeline.last_trace.last_normalize_info.row_counts
    print(json.dumps({"rows": counts[entity], "seconds": seconds}))


def _resources(entity: str) -> list[dict[str, Any]]:
    if entity != "leads":
        key = "email" if entity == "accounts" else "id"
        return [_list(entity, key)]
    leads = {
        "name": "leads",
        "primary_key": "id",
        "write_disposition": "merge",
        # Several campaigns at once, as ours: its pool has five workers.
        "parallelized": True,
        "endpoint": {
            "path": "leads/list",
            "method": "POST",
            "json": {"campaign": "{resources.campaigns.id}", "limit": 100},
            "data_selector": "items",
            "paginator": _BODY_PAGES,
        },
    }
    return [_list("campaigns", "id"), leads]


def _list(entity: str, key: str) -> dict[str, Any]:
    return {
        "name": entity,
        "primary_key": key,
        "write_disposition": "merge",
        "endpoint": {"path": entity, "params": {"limit": 100}, "data_selector": "items", "paginator": _QUERY_PAGES},
    }


if __name__ == "__main__":
    main()
