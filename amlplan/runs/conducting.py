"""The process that conducts a grid: forked off, alone, and known to others by the grid's folder."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from amlplan.processes import mark_of
from amlplan.runs.conducted import held, note_conductor
from amlplan.runs.final_status import StatusTail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan.runs.place import RunPlace

LOG = "conductor.log"
TAKEN = b"taken"


def fork(run_id: str, place: RunPlace, begin: Callable[[], Callable[[], None]]) -> None:
    """Start a process, nobody's child, that conducts a grid; OSError where it did not take over.

    There, `begin` gives what is called once the grid is taken over.
    """
    reads, writes = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    child = os.fork()
    if not child:
        os.setsid()
        if os.fork():
            os._exit(0)
        _conduct(run_id, place, begin, writes)
    os.close(writes)
    if not _was_taken_over(child, reads):
        raise OSError(0, f"see {place.folder_of(run_id) / LOG}")


def _was_taken_over(child: int, answers: int) -> bool:
    """Whether the conductor, no child of ours when this returns, took the grid over."""
    os.waitpid(child, 0)
    answer = os.read(answers, len(TAKEN))
    os.close(answers)
    return answer == TAKEN


def _conduct(
    run_id: str, place: RunPlace, begin: Callable[[], Callable[[], None]], answers: int
) -> NoReturn:
    """Be the conductor, to the end; what goes wrong is in a log beside the grid's events."""
    code = 1
    try:
        folder = place.folder_of(run_id)
        _leave(folder, answers)
        conduct = begin()
        with held(folder):
            mark = mark_of(os.getpid())
            if mark is not None and StatusTail(folder).final() is None:
                note_conductor(folder, mark)
                place.history.append_control(run_id, {"type": "status", "status": "Running"})
                with suppress(OSError):  # that who started this is gone is no reason to end
                    os.write(answers, TAKEN)
                os.close(answers)
                conduct()
                code = 0
    except BaseException:  # noqa: BLE001 - nobody is above it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _leave(folder: Path, answers: int) -> None:
    """Let go of the streams, files and signals of who started this."""
    for number in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for descriptor, stream in ((null, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, stream)
    os.closerange(3, answers)
    os.closerange(answers + 1, max(answers, log, null) + 256)
    os.chdir("/")
