"""`make bench`: the competitors in turn, several times, on one set of servers; medians and their ratios.

python -m bench [accounts] [leads] [campaigns] [memory] [icebreakers] [launch]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.servers import BARE, DLT, KEY, OURS, local_supabase, vendor
from modules.instantly.instantly_api import READERS

if TYPE_CHECKING:
    from bench.servers import Place

_LATENCY_MS = 50.0
_LIMIT = 100.0
"""Requests a second that Instantly documents for a workspace."""
_MODEL_REQUESTS, _MODEL_TOKENS, _MODEL_SECONDS = 500, 200_000, 130

Result = dict[str, Any]


def main() -> None:
    """Run what the arguments ask for and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("what", nargs="*", choices=[[], *_BENCHES], help="default: all of it, about twenty minutes")
    parser.add_argument("--runs", type=int, default=3, help="runs of each competitor; the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, local_supabase(Path(name) / "supabase") as place:
        for what in options.what or _BENCHES:
            _BENCHES[what](place, Path(name) / what, options.runs)


def _accounts(place: Place, folder: Path, runs: int) -> None:
    """Fifty thousand rows of some 600 bytes, and ten times as many."""
    first, unchanged, bare, dlt = [], [], [], []
    with vendor(place, folder / "small", accounts=50_000) as here:
        for number in range(1, runs + 1):
            _tell("accounts", number, runs)
            here.forget()
            first.append(here.run([*OURS, "accounts"]))
            unchanged.append(here.run([*OURS, "accounts"]))
            bare.append(here.run(BARE))
            dlt.append(here.run([*DLT, "accounts"]))
    rows = first[0]["rows"]
    print(f"\n{rows:,} accounts in pages of 100, median of {runs} runs")
    _line("this pipeline", _speed(first), "rows/s")
    _line("its unchanged second run", _speed(unchanged), f"rows/s, {unchanged[0]['written']} rows written")
    _line("dlt rest_api, merge", _speed(dlt), "rows/s")
    _line("bare fetch and COPY", _speed(bare), "rows/s")
    _line("times dlt", _speed(first) / _speed(dlt), "(wanted: at least 4)")
    _line("share of the bare limit", _speed(first) / _speed(bare), "(wanted: at least 0.6)")
    _line("requests", first[0]["requests"], f"({-(-rows // 100):,} pages, and the empty one that ends the list)")
    with vendor(place, folder / "large", accounts=500_000) as here:
        here.forget()
        large = here.run([*OURS, "accounts"])
    small_mb = median(result["peak_mb"] for result in first)
    _line(f"peak memory of {large['rows']:,}", large["peak_mb"], f"MB, {small_mb:.0f} MB for a tenth")
    _line("times the peak of a tenth", large["peak_mb"] / small_mb, "(wanted: at most 1.2)")


def _leads(place: Place, folder: Path, runs: int) -> None:
    """A hundred thousand leads in forty campaigns, with the vendor's latency and limit."""
    first, unchanged, spent, dlt = [], [], [], []
    with vendor(place, folder, latency_ms=_LATENCY_MS, campaigns=40, leads=100_000, days=30) as here:
        for number in range(1, runs + 1):
            _tell("leads", number, runs)
            here.forget()
            began_s = here.database_seconds()
            first.append(here.run([*OURS, "leads"], BENCH_REQUESTS_PER_SECOND=str(_LIMIT)))
            between_s = here.database_seconds()
            here.settle("instantly_leads_raw")
            before = here.row_versions("instantly_leads_raw")
            middle_s = here.database_seconds()
            unchanged.append(here.run([*OURS, "leads"], BENCH_REQUESTS_PER_SECOND=str(_LIMIT)))
            spent.append((between_s - began_s, here.database_seconds() - middle_s))
            is_untouched = here.row_versions("instantly_leads_raw") == before
        _tell("leads, dlt", 1, 1)
        dlt.append(here.run([*DLT, "leads"]))
    requests = first[0]["requests"]
    ideal_s = max(requests / _LIMIT, requests * _LATENCY_MS / 1000 / READERS)
    print(f"\n{first[0]['rows']:,} leads in 40 campaigns, {_LATENCY_MS:.0f} ms a page, at most {_LIMIT:.0f} requests/s")
    _line("requests", requests, "(each container's pages, and the empty one that ends it)")
    _line("ideal", ideal_s, f"s, by limiter and latency at {READERS} readers")
    _line("this pipeline", _seconds(first), "s")
    _line("times the ideal", _seconds(first) / ideal_s, "(wanted: at most 1.15)")
    _line("dlt rest_api, merge", _seconds(dlt), f"s for {dlt[0]['rows']:,} rows, without the limit")
    _line("times faster than dlt", _seconds(dlt) / _seconds(first), "")
    _line("rows written unchanged", unchanged[-1]["written"], "" if is_untouched else "BUT ROW VERSIONS CHANGED")
    share = median(second / once for once, second in spent)
    _line("its database time", share, f"of the first run's {spent[-1][0]:.2f} s (wanted: under 0.1)")


def _campaigns(place: Place, folder: Path, runs: int) -> None:
    """Twenty thousand campaigns, each with nested sequences."""
    first, unchanged, dlt_first, dlt_second = [], [], [], []
    with vendor(place, folder, campaigns=20_000) as here:
        # The first answer makes the stand-in compute its world, which is nobody's merit.
        here.run([*OURS, "campaigns"])
        for number in range(1, runs + 1):
            _tell("campaigns", number, runs)
            here.forget()
            first.append(here.run([*OURS, "campaigns"]))
            unchanged.append(here.run([*OURS, "campaigns"]))
            with tempfile.TemporaryDirectory() as pipelines:
                dlt_first.append(here.run([*DLT, "campaigns", pipelines]))
                dlt_second.append(here.run([*DLT, "campaigns", pipelines]))
    print(f"\n{first[0]['rows']:,} campaigns with their sequences, median of {runs} runs")
    _line("this pipeline", _seconds(first), "s")
    _line("its unchanged second run", _seconds(unchanged), f"s, {unchanged[0]['written']} rows written")
    _line("dlt rest_api, merge", _seconds(dlt_first), "s")
    _line("its second run", _seconds(dlt_second), "s")
    _line("times faster, first", _seconds(dlt_first) / _seconds(first), "(wanted: at least 6)")
    _line("times faster, second", _seconds(dlt_second) / _seconds(unchanged), "(wanted: at least 8)")


def _memory(place: Place, folder: Path, runs: int) -> None:
    """A million leads, and a tenth of them."""
    del runs
    results = {}
    for leads in (100_000, 1_000_000):
        _tell(f"{leads:,} leads", 1, 1)
        with vendor(place, folder / str(leads), campaigns=40, leads=leads, days=30) as here:
            here.forget()
            results[leads] = here.run([*OURS, "leads"])
    small, large = results.values()
    print(f"\n{large['rows']:,} leads in 40 campaigns")
    _line("this pipeline", large["rows"] / large["seconds"], "rows/s")
    _line("requests", large["requests"], "(each container's pages, and the empty one that ends it)")
    _line("peak memory", large["peak_mb"], f"MB, {small['peak_mb']:.0f} MB for a tenth")
    _line("times the peak of a tenth", large["peak_mb"] / small["peak_mb"], "(wanted: at most 1.2)")


def _icebreakers(place: Place, folder: Path, runs: int) -> None:
    """Opening lines, against the limits of a small account and a second of latency."""
    results = []
    limits = (str(_MODEL_REQUESTS), str(_MODEL_TOKENS))
    more = (
        *("--openai-key", KEY, "--openai-latency-ms", "1000"),
        *("--openai-requests-per-minute", limits[0], "--openai-tokens-per-minute", limits[1]),
    )
    for number in range(1, runs + 1):
        _tell("icebreakers", number, runs)
        with vendor(place, folder / str(number), more=more) as here:
            results.append(here.run([sys.executable, "-m", "bench.icebreakers", *limits, str(_MODEL_SECONDS)]))
    print(f"\nLines for {_MODEL_SECONDS} s at {limits[0]} requests and {limits[1]} tokens a minute, 1 s of latency")
    shares = [max(result["requests_share"], result["tokens_share"]) for result in results]
    _line("share of the allowed rate", median(shares), "(wanted: at least 0.95; the tighter of the two limits)")
    _line("refused in the first 10 s", max(result["refused_early"] for result in results), "")
    _line("refused later", max(result["refused_later"] for result in results), "(wanted: 0)")
    cached = median(result["cached_share"] for result in results)
    _line("input read from the cache", cached, "of all input tokens (wanted: more than 0.8)")


def _launch(place: Place, folder: Path, runs: int) -> None:
    """A thousand people chosen of a hundred thousand, each other one with the rule against them, and reserved."""
    del folder
    results = []
    for number in range(1, runs + 1):
        _tell("launch", number, runs)
        results.append(place.run([sys.executable, "-m", "bench.launch", "100000", "1000"]))
    seconds = _seconds(results)
    print(f"\n{results[0]['reserved']:,} people reserved of 100,000 leads, median of {runs} runs")
    _line("database time", seconds, "s (wanted: at most 1)")
    _line(
        "times the bare limit",
        seconds / median(result["bare_seconds"] for result in results),
        "(read all, decide nothing)",
    )


def _tell(what: str, number: int, runs: int) -> None:
    print(f"{what}: run {number} of {runs} ...", file=sys.stderr)


def _line(name: str, value: float, note: str) -> None:
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
    print(f"  {name:<28}{shown:>10}  {note}")


def _speed(results: list[Result]) -> float:
    return median(result["rows"] / result["seconds"] for result in results)


def _seconds(results: list[Result]) -> float:
    return median(result["seconds"] for result in results)


_BENCHES = {
    "accounts": _accounts,
    "leads": _leads,
    "campaigns": _campaigns,
    "memory": _memory,
    "icebreakers": _icebreakers,
    "launch": _launch,
}

if __name__ == "__main__":
    main()
