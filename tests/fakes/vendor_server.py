"""The stand-ins on a free port of this process, for tests that need real HTTP."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from sandbox.app import VendorStandIns, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.app import AppSettings


@contextmanager
def vendor_server(settings: AppSettings) -> Iterator[tuple[str, VendorStandIns]]:
    """Serve until the block ends; give back where, without a path, and what is served."""
    app = create_app(settings)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{port}", app
        finally:
            server.should_exit = True
            thread.join(timeout=10)
