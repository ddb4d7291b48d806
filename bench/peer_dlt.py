"""The peer: dlt's rest_api source merging the same pages into the same PostgreSQL. Runs in an environment of its own.

.venv-bench/bin/python bench/peer_dlt.py
"""

from __future__ import annotations

import json
import os
import tempfile
import time

import dlt
from dlt.sources.rest_api import rest_api_source


def main() -> None:
    """One run of a fresh pipeline, at dlt's defaults."""
    source = rest_api_source(
        {
            "client": {
                "base_url": os.environ["INSTANTLY_BASE_URL"] + "/",
                "auth": {"type": "bearer", "token": os.environ["INSTANTLY_API_KEY"]},
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "next_starting_after",
                    "cursor_param": "starting_after",
                },
            },
            "resources": [
                {
                    "name": "accounts",
                    "primary_key": "email",
                    "write_disposition": "merge",
                    "endpoint": {"path": "accounts", "params": {"limit": 100}, "data_selector": "items"},
                }
            ],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            pipeline_name="bench",
            pipelines_dir=folder,
            destination=dlt.destinations.postgres(os.environ["SUPABASE_DB_URL"]),
            dataset_name="bench_dlt",
        )
        began_s = time.perf_counter()
        pipeline.run(source)
        seconds = time.perf_counter() - began_s
        counts = pipeline.last_trace.last_normalize_info.row_counts
    print(json.dumps({"rows": counts["accounts"], "seconds": seconds}))


if __name__ == "__main__":
    main()
