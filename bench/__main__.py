"""`make bench`: the competitors in turn, several times, on one set of servers; medians and their ratios."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg

from modules.supabase.migrations import apply_migrations, read_migrations
from sandbox.files_and_ports import start_on_free_port
from sandbox.http_probe import answers
from sandbox.local_supabase import LocalSupabase
from sandbox.processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
OURS = [sys.executable, "-m", "bench.ours"]
BARE = [sys.executable, "-m", "bench.bare"]
DLT = [str(ROOT / ".venv-bench" / "bin" / "python"), str(ROOT / "bench" / "peer_dlt.py")]
KEY = "bench-key"


def main() -> None:
    """Run what the arguments ask for and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="accounts in the world")
    parser.add_argument("--runs", type=int, default=3, help="runs of each competitor; the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        supabase = LocalSupabase(folder / "supabase")
        environment = supabase.up()
        apply_migrations(environment.database_url, read_migrations())
        place = {
            "SUPABASE_URL": environment.url,
            "SUPABASE_KEY": environment.secret_key,
            "SUPABASE_DB_URL": environment.database_url,
            "INSTANTLY_API_KEY": KEY,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        try:
            with _vendor(folder / "small", options.rows) as base_url:
                small_peak_mb = _speed(place | {"INSTANTLY_BASE_URL": base_url}, options.runs)
            with _vendor(folder / "large", options.rows * 10) as base_url:
                _memory(place | {"INSTANTLY_BASE_URL": base_url}, small_peak_mb)
        finally:
            supabase.down()


def _speed(place: dict[str, str], runs: int) -> float:
    first, unchanged, bare, dlt = [], [], [], []
    for number in range(1, runs + 1):
        print(f"run {number} of {runs} ...", file=sys.stderr)
        _forget(place)
        first.append(_run(OURS, place))
        unchanged.append(_run(OURS, place))
        bare.append(_run(BARE, place))
        dlt.append(_run(DLT, place))
    pages = -(-first[0]["rows"] // 100)
    speeds = {name: _rows_a_second(results) for name, results in {"ours": first, "bare": bare, "dlt": dlt}.items()}
    print(f"{first[0]['rows']:,} rows in pages of 100, median of {runs} runs")
    print(f"  this pipeline        {speeds['ours']:>9,.0f} rows/s")
    print(f"  its unchanged second {_rows_a_second(unchanged):>9,.0f} rows/s, {unchanged[0]['written']} rows written")
    print(f"  dlt rest_api, merge  {speeds['dlt']:>9,.0f} rows/s")
    print(f"  bare fetch and COPY  {speeds['bare']:>9,.0f} rows/s")
    print(f"  ratio to dlt         {speeds['ours'] / speeds['dlt']:>9.2f}  (wanted: 4)")
    print(f"  share of the limit   {speeds['ours'] / speeds['bare']:>9.0%}  (wanted: 60 %)")
    print(f"  requests             {first[0]['requests']:>9,}  ({pages:,} pages, and the empty one that ends the list)")
    return median(result["peak_mb"] for result in first)


def _memory(place: dict[str, str], small_mb: float) -> None:
    _forget(place)
    large = _run(OURS, place)
    print(f"{large['rows']:,} rows: {large['rows'] / large['seconds']:,.0f} rows/s")
    print(f"  peak memory          {large['peak_mb']:>9.0f} MB, {small_mb:.0f} MB for a tenth of the rows")
    print(f"  ratio                {large['peak_mb'] / small_mb:>9.2f}  (wanted: at most 1.2)")


def _run(command: list[str], place: dict[str, str]) -> dict[str, Any]:
    environment = {**os.environ, **place}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _forget(place: dict[str, str]) -> None:
    with psycopg.connect(place["SUPABASE_DB_URL"], autocommit=True) as connection:
        connection.execute("truncate instantly_accounts_raw, sync_runs cascade")
        connection.execute("drop schema if exists bench_dlt cascade")
        connection.execute("drop schema if exists bench_dlt_staging cascade")


def _rows_a_second(results: list[dict[str, Any]]) -> float:
    return median(result["rows"] / result["seconds"] for result in results)


@contextmanager
def _vendor(folder: Path, accounts: int) -> Iterator[str]:
    folder.mkdir()
    vendor = Daemon(name="vendors", folder=folder)
    world = ["--api-key", KEY, "--campaigns", "1", "--leads", "0", "--days", "1", "--accounts", str(accounts)]
    limits = ["--requests-per-second", "1000000", "--requests-per-minute", "100000000"]
    command = [sys.executable, "-m", "sandbox", *world, *limits]
    start_on_free_port(
        vendor,
        lambda port: vendor.start([*command, "--port", str(port)], port=port, working_folder=ROOT),
        preferred_ports=(),
        is_ready=lambda: answers(f"http://127.0.0.1:{vendor.port}/health"),
        timeout_s=60,
    )
    try:
        yield f"http://127.0.0.1:{vendor.port}/instantly/api/v2"
    finally:
        vendor.stop()


if __name__ == "__main__":
    main()
