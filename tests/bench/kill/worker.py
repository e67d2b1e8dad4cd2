"""Runs amlplan in processes that kill themselves, or their group, at a chosen moment.

`python worker.py [MOMENT ...]` answers on its standard streams: a line of JSON is one command line
to run, in a process of its own that begins a session; the answer is a line that says how it ended.
Starting is cheap because everything was imported before the process is forked.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.cli.main import main
from bench.kill.arming import arm, import_before
from bench.kill.phases import LONGEST_SECONDS, Killer, Order

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_child(request: dict[str, Any], moments: Sequence[str]) -> None:
    """Be the process that a request asks for; ends it."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["amlplan", *request["arguments"]]
    killer = Killer(Order(**request["order"]))
    arm(killer, moments)
    code = 70
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if request["counts"]:
            Path(request["counts"]).write_text(json.dumps(killer.counts))
    os._exit(code)


def ended(child: int) -> int:
    """Wait for a child: its exit code, or minus the signal that ended it."""
    deadline = time.monotonic() + LONGEST_SECONDS
    pause = 0.001
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGABRT)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.01)


def serve(moments: Sequence[str]) -> None:
    """Answer requests until there are no more."""
    import_before(moments)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run_child(json.loads(line), moments)
            except BaseException:  # noqa: BLE001 - it must not go on as a second server
                import traceback

                traceback.print_exc()
            finally:
                os._exit(71)
        sys.stdout.write(json.dumps(ended(child)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1:])
