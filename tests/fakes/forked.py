"""Processes of their own that start in no time: copies of one in which everything is imported already."""

from __future__ import annotations

import multiprocessing

# Its server has a single thread, unlike the process that runs tests, so that copies of it are safe. There is one
# server a process, and it imports only what it is told before it starts: so all who fork share this list.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.fakes.forked_imports"])
