"""Dagster's UI in a real browser: what a person sees after `outreach dev`, and after pressing *Materialize*."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

import httpx
import psutil
import psycopg
import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
OUTREACH = str(Path(sys.executable).with_name("outreach"))
CHROMIUM = shutil.which("chromium")
CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CAMPAIGNS = "instantly_campaigns_raw"
ACCOUNTS = "instantly_accounts_raw"
EMAILS = "instantly_emails_raw"
LEADS = "instantly_leads_raw"
DAYS = "instantly_daily_analytics_raw"
CHECKS = ("keys_are_unique_and_present", "row_count_is_plausible", "data_is_fresh")
SCHEDULES = ("instantly_sync_hourly", "instantly_analytics_hourly")
# The part of the graph that ends in what people read: campaigns, leads, and all that they are made of.
GRAPH = f"/asset-groups~{quote('+key:campaigns or +key:leads')}?expanded=global@global:instantly,global@global:outreach"
MAIL_ADDRESS = re.compile(r"\S+@\S+\.example")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
RUN_TIMEOUT_MS = 60_000
PICTURE_SIZE = {"width": 1400, "height": 880}
PICTURE_MARGIN_PX = 6

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no `chromium` on the PATH; Debian: apt install chromium"),
    pytest.mark.timeout(240),
]

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    """A running `outreach dev` on a machine with nothing else: where its UI is, and the local servers' variables."""
    folder = tmp_path_factory.mktemp("dev")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "OUTREACH_ENV_FILE")}
    environment = kept | {"OUTREACH_HOME": str(folder / "home")}
    log = folder / "dev.log"
    port = free_port()
    with log.open("wb") as output, ctrl_c_reaches_children():
        process = subprocess.Popen(
            [OUTREACH, "dev", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{url}/server_info", process, log)
        exports = outreach_local("env", environment)
        variables = dict(shlex.split(line)[1].split("=", 1) for line in exports.splitlines())
        yield SimpleNamespace(url=url, variables=variables)
    finally:
        survivors = press_ctrl_c(process)
        outreach_local("down", environment)
    assert survivors == [], log.read_text()


def outreach_local(command, environment):
    return subprocess.run(
        [OUTREACH, "local", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def ctrl_c_reaches_children():
    # A shell lets what it runs in the background ignore Ctrl-C, and whatever that starts inherits it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def wait_until_it_answers(url, process, log):
    deadline_s = time.monotonic() + START_TIMEOUT_S
    # A client for each question would read the certificates each time, which takes longer than the pause.
    with httpx.Client() as client:
        while process.poll() is None and time.monotonic() < deadline_s:
            with suppress(httpx.TransportError):
                if client.get(url).is_success:
                    return
            time.sleep(0.2)
    pytest.fail(f"`outreach dev` did not answer on {url}:\n{log.read_text()}")


def press_ctrl_c(process):
    """End it the way a terminal does, its whole group at once; gives back what lived on, and ends that too."""
    started = [] if process.poll() is not None else psutil.Process(process.pid).children(recursive=True)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    deadline_s = time.monotonic() + STOP_TIMEOUT_S
    while (process.poll() is None or any(map(lives, started))) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    survivors = [one.pid for one in started if lives(one)]
    if process.poll() is None:
        survivors.append(process.pid)
        process.kill()
        process.wait()
    for one in filter(lives, started):
        one.kill()
    return survivors


def lives(process):
    # Without an init process that collects it, an orphan that ended stays in the process table.
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, dev):
    with browser.new_context(base_url=dev.url, viewport={"width": 1400, "height": 700}) as context:
        page = context.new_page()
        # Dagster meets whoever comes first with an invitation to its newsletter.
        page.add_locator_handler(page.get_by_role("button", name="Skip"), lambda skip: skip.click())
        yield page


@pytest.fixture
def page(browser, dev):
    with opened(browser, dev) as page:
        yield page


@pytest.fixture(scope="module")
def materialized(browser, dev):
    """After a person pressed *Materialize* on the accounts' page: where the run is."""
    with opened(browser, dev) as page:
        press_materialize(page, f"/assets/{ACCOUNTS}")
        follow_notice(page)
        return see_success(page)


@pytest.fixture(scope="module")
def graph_materialized(browser, dev):
    """After a person pressed *Materialize all* on the graph: where the run is."""
    with opened(browser, dev) as page:
        press_materialize(page, GRAPH)
        follow_notice(page)
        return see_success(page)


def press_materialize(page, path):
    page.goto(path)
    page.get_by_role("button", name="Materialize").click()


def follow_notice(page):
    # The notice of a launched run goes away by itself after a few seconds.
    page.get_by_role("link", name="View", exact=True).click()


def see_success(page):
    """Stay on a run's page to the run's end; gives back where it is."""
    end = page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    end.wait_for(timeout=RUN_TIMEOUT_MS)
    assert end.inner_text() == "Success", page.inner_text("body")
    return urlsplit(page.url).path


def see_rows(page, dev, asset):
    """Open an asset and find the row count, and what became of the rows of its last read."""
    with psycopg.connect(dev.variables["SUPABASE_DB_URL"]) as connection:
        (rows,) = connection.execute(f"select count(*) from {asset} where deleted_at is null").fetchone()
    assert rows > 0
    page.goto(f"/assets/{asset}")
    expect(page.get_by_text("Row count", exact=True).locator("..")).to_have_text(f"Row count{rows:,}")
    for name in ("rows_read", "rows_inserted", "rows_unchanged", "rows_rejected", "requests_made", "data_as_of"):
        expect(page.get_by_role("cell", name=name, exact=True)).to_be_visible()


def see_checks_passed(page, asset):
    page.goto(f"/assets/{asset}")
    page.get_by_role("tab", name="Checks").click()
    for check in CHECKS:
        passed = re.compile(rf"\b{check}\s+Succeeded\b")
        expect(page.locator("body")).to_contain_text(passed, use_inner_text=True)


@pytest.mark.usefixtures("materialized")
def test_a_materialized_asset_shows_how_many_rows_its_table_holds_and_that_its_checks_passed(page, dev):
    see_rows(page, dev, ACCOUNTS)
    see_checks_passed(page, ACCOUNTS)


# Its campaigns came with the graph.
@pytest.mark.usefixtures("graph_materialized")
def test_the_latest_day_of_the_daily_analytics_is_materialized_from_the_dialog(page, dev):
    press_materialize(page, f"/assets/{DAYS}")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Latest").click()
    day = dialog.get_by_role("textbox").input_value()
    dialog.get_by_role("button", name="Launch 1 run").click()
    follow_notice(page)
    see_success(page)
    see_rows(page, dev, DAYS)
    expect(page.get_by_text(day, exact=True).first).to_be_visible()
    see_checks_passed(page, DAYS)


def test_the_automation_page_shows_the_schedules_switched_on(page, dev):
    page.goto("/automation")
    for schedule in SCHEDULES:
        # The first box of a line selects it, the last one is its switch.
        expect(page.locator("[data-index]").filter(has_text=schedule).get_by_role("checkbox").last).to_be_checked()


def test_no_page_shows_a_mail_address_or_a_key(page, dev, materialized, graph_materialized):
    keys = [dev.variables["SUPABASE_KEY"], dev.variables["INSTANTLY_API_KEY"]]
    keys.append(urlsplit(dev.variables["SUPABASE_DB_URL"]).password)
    landmarks = {
        **{f"/assets/{asset}": "preview" for asset in (CAMPAIGNS, ACCOUNTS, EMAILS, LEADS)},
        f"/assets/{ACCOUNTS}?view=events": "preview",
        f"/assets/{ACCOUNTS}?view=checks": "Evaluation result",
        "/assets/leads": "Latest materialization",
        **dict.fromkeys([materialized, graph_materialized], "RUN_SUCCESS"),
        GRAPH: "3 / 3 Passed",
        "/automation": SCHEDULES[0],
        "/locations/outreach_pipeline/resources/instantly": "INSTANTLY_API_KEY",
        "/locations/outreach_pipeline/resources/store": "SUPABASE_KEY",
        "/deployment/config": "base_dir",
    }
    shown = {}
    for path, landmark in landmarks.items():
        page.goto(path)
        expect(page.get_by_text(landmark).first).to_be_visible()
        text = page.inner_text("body")
        shown[path] = MAIL_ADDRESS.findall(text) + [key for key in keys if key in text]
    assert {path: found for path, found in shown.items() if found} == {}


def test_the_graph_shows_each_asset_as_materialized_and_its_checks_as_passed(page, graph_materialized):
    see_graph(page)
    if folder := os.environ.get("SCREENSHOTS"):
        save_graph(page, Path(folder))


def see_graph(page):
    page.goto(GRAPH)
    for asset in (CAMPAIGNS, EMAILS, LEADS, "campaigns", "leads"):
        node = page.locator("foreignObject").filter(has_text=re.compile(f"^{asset}"))
        expect(node).to_contain_text("Materialized")
        if asset.endswith("_raw"):
            expect(node).to_contain_text("3 / 3 Passed")


def save_graph(page, folder):
    page.set_viewport_size(PICTURE_SIZE)
    page.get_by_role("button", name="Hide navigation").click()
    # The graph is drawn to fit when a page opens.
    see_graph(page)
    boxes = [node.bounding_box() for node in page.locator("foreignObject").all()]
    left = min(box["x"] for box in boxes) - PICTURE_MARGIN_PX
    top = min(box["y"] for box in boxes) - PICTURE_MARGIN_PX
    right = max(box["x"] + box["width"] for box in boxes) + PICTURE_MARGIN_PX
    bottom = max(box["y"] + box["height"] for box in boxes) + PICTURE_MARGIN_PX
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    page.screenshot(path=folder / "asset-graph.png", clip=clip)
