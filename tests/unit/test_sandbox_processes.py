from __future__ import annotations

import json
import os
import socket
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from sandbox.files_and_ports import exclusive_lock, free_port, start_on_free_port
from sandbox.processes import Daemon, SandboxError, StartFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IGNORES_TERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    created = Daemon(name="sleeper", folder=tmp_path)
    yield created
    created.stop(grace_s=0.1)


def test_a_started_process_is_remembered_by_a_second_object_and_stops_once(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", "import time; time.sleep(60)"])
    same = Daemon(name="sleeper", folder=daemon.folder)
    assert same.is_running()
    same.stop()
    same.stop()
    assert not daemon.is_running()


def test_a_process_deaf_to_the_polite_signal_is_killed(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", IGNORES_TERM])
    daemon.wait_until(lambda: "deaf" in daemon.log_file.read_text(), timeout_s=10)
    daemon.stop(grace_s=0.2)
    assert not daemon.is_running()


def test_a_stranger_with_a_remembered_id_is_neither_running_nor_stopped(daemon: Daemon) -> None:
    daemon.record_file.write_text(json.dumps({"pid": os.getpid(), "created_at_s": 1.0, "port": 4}))
    assert not daemon.is_running()
    daemon.stop()
    assert daemon.port == 4


def test_a_half_written_record_means_not_running(daemon: Daemon) -> None:
    daemon.record_file.write_text('{"pid": 1')
    assert not daemon.is_running()


def test_a_process_that_ends_while_starting_is_reported_with_its_last_words(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", "raise SystemExit('the disk is full')"])
    with pytest.raises(StartFailedError, match="the disk is full"):
        daemon.wait_until(lambda: False, timeout_s=10)


def test_an_answer_on_the_port_does_not_count_when_another_program_holds_it(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        daemon.start([sys.executable, "-c", "import time; time.sleep(60)"], port=other.getsockname()[1])
        with pytest.raises(StartFailedError, match="not ready"):
            daemon.wait_until(lambda: True, timeout_s=0.3)


def test_a_port_lost_to_another_program_is_tried_again_with_a_new_one(daemon: Daemon) -> None:
    ports: list[int] = []
    listen = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"

    def launch(port: int) -> None:
        ports.append(port)
        # The first time, take the port away after it was found free.
        with socket.socket() as thief:
            if len(ports) == 1:
                thief.bind(("127.0.0.1", port))
                thief.listen()
            daemon.start([sys.executable, "-c", listen, str(port)], port=port)
            while len(ports) == 1 and daemon.is_running():
                time.sleep(0.01)

    start_on_free_port(daemon, launch, preferred_ports=(), is_ready=lambda: True, timeout_s=10)
    assert len(ports) == 2
    assert daemon.is_running()


def test_a_preferred_port_is_taken_when_free_and_passed_over_when_not() -> None:
    port = free_port()
    assert free_port(None, port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(port) != port


def test_the_lock_keeps_a_second_holder_out_until_time_runs_out(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with exclusive_lock(file, timeout_s=1), pytest.raises(SandboxError, match="Another process held"):  # noqa: SIM117
        with exclusive_lock(file, timeout_s=0.1):
            pass
    with exclusive_lock(file, timeout_s=0.1):
        pass


def test_a_dead_child_is_collected_and_not_left_in_the_process_table(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", "pass"])
    process_id = json.loads(daemon.record_file.read_text())["pid"]
    deadline_s = time.monotonic() + 5
    while psutil.pid_exists(process_id) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not psutil.pid_exists(process_id)
