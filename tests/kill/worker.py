"""Runs amlplan in processes that kill themselves, or their group, at a chosen moment.

`python worker.py` answers on its standard streams: a line of JSON is one command line to run, in
a process of its own that begins a session; the answer is a line that says how it ended. Starting
is cheap because everything was imported before the process is forked.

The product has no hooks: the steps between which a kill falls are replaced here, in the child.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_bench.thing import BenchThing
from amlplan_bench.world import World

from amlplan.cli.main import main
from amlplan.provider import Missing, Unreachable
from amlplan_state.durable import Disk
from amlplan_state.local import LocalBackend
from amlplan_state.writer import LocalWriter

if TYPE_CHECKING:
    from collections.abc import Callable

BEFORE_INTENT = "before the intent"
INTENT_TO_CALL = "between intent and call"
WITHIN_CALL = "within the call"
CALL_TO_PROGRESS = "between call and progress"
PROGRESS_TO_OUTCOME = "between progress and outcome"
BEFORE_RENAME = "in compaction, before the rename"
AFTER_RENAME = "in compaction, after the rename"
OPENING = "while the state is opened"
WITHIN_ENTRY = "within a line of the journal"
AFTER_OUTCOME = "after an outcome"
PHASES = (
    BEFORE_INTENT,
    INTENT_TO_CALL,
    WITHIN_CALL,
    CALL_TO_PROGRESS,
    PROGRESS_TO_OUTCOME,
    BEFORE_RENAME,
    AFTER_RENAME,
    OPENING,
    WITHIN_ENTRY,
    AFTER_OUTCOME,
)
AT_OUTCOME = "when an outcome is to be written"
"""A part of PROGRESS_TO_OUTCOME: an object is complete, and its record is not there yet."""
VICTIMS = ("process", "group")

NO_INTENT = "the intent is not written"
FIND_SAYS_MISSING = "find says Missing, whatever there is"
SILENCE_SAYS_MISSING = "find says Missing where it should say Unreachable"
FAULTS = (NO_INTENT, FIND_SAYS_MISSING, SILENCE_SAYS_MISSING)

_IMPORTED_BEFORE = (
    "amlplan.cli.app",
    "amlplan.cli.commands.apply",
    "amlplan.cli.commands.destroy",
    "amlplan.cli.commands.plan",
    "amlplan.children",
)
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """When to kill: at the n-th time (from 1) that a phase is come by; 0 is never."""

    phase: str = ""
    nth: int = 0
    victim: str = "process"
    fault: str = ""


@dataclass(slots=True)
class Killer:
    """Counts how often each phase is come by, and kills when it is time."""

    order: Order
    counts: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_by(self, phase: str) -> None:
        """Count a moment of a phase; may not return."""
        if self.is_time(phase):
            self.strike()

    def is_time(self, phase: str) -> bool:
        """Count a moment of a phase; whether it is the one to die at."""
        with self.lock:
            self.counts[phase] = self.counts.get(phase, 0) + 1
            return phase == self.order.phase and self.counts[phase] == self.order.nth

    def strike(self) -> None:
        """Kill this process, or its whole group; does not return."""
        if self.order.victim == "group":
            os.killpg(os.getpgid(0), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(_LONGEST_SECONDS)

    def arm(self) -> None:
        """Put the kills where the product comes by."""
        _around(LocalWriter, "begin", self, (BEFORE_INTENT,), (INTENT_TO_CALL,))
        _around(World, "land", self, (WITHIN_CALL,), (WITHIN_CALL,))
        _around(LocalWriter, "step", self, (CALL_TO_PROGRESS,), (PROGRESS_TO_OUTCOME,))
        _around(LocalWriter, "finish", self, (AT_OUTCOME, PROGRESS_TO_OUTCOME), (AFTER_OUTCOME,))
        self._arm_disk()

    def _arm_disk(self) -> None:
        """Each file operation of a compaction, and of opening, is a moment of its own."""
        where = threading.local()
        concludes, renames, writes = LocalWriter._conclude, Disk.rename, Disk.write

        def conclude(writer: LocalWriter, request: Any) -> None:
            where.phase = BEFORE_RENAME
            concludes(writer, request)
            self.pass_by(AFTER_RENAME)
            where.phase = ""

        def rename(disk: Disk, source: Path, target: Path) -> None:
            phase = getattr(where, "phase", "")
            if phase:
                self.pass_by(phase)
            renames(disk, source, target)
            if phase == BEFORE_RENAME:
                where.phase = AFTER_RENAME
                self.pass_by(AFTER_RENAME)

        def write(disk: Disk, descriptor: int, data: bytes) -> None:
            if getattr(where, "phase", ""):
                self.pass_by(where.phase)
                writes(disk, descriptor, data)
                return
            end = 0
            for line in data.splitlines(keepends=True):
                if self.is_time(WITHIN_ENTRY):
                    writes(disk, descriptor, data[: end + len(line) * 2 // 3])
                    self.strike()
                end += len(line)
            writes(disk, descriptor, data)

        def counted(name: str) -> Callable[..., Any]:
            real = getattr(Disk, name)

            @functools.wraps(real)
            def operation(*arguments: Any) -> Any:
                if getattr(where, "phase", ""):
                    self.pass_by(where.phase)
                return real(*arguments)

            return operation

        opens = LocalBackend._writer

        def open_writer(backend: LocalBackend, lock: Any) -> LocalWriter:
            where.phase = OPENING
            self.pass_by(OPENING)
            writer = opens(backend, lock)
            self.pass_by(OPENING)
            where.phase = ""
            return writer

        for name in ("create", "sync", "close", "link", "unlink", "truncate", "sync_folder"):
            _replace(Disk, name, counted(name))
        _replace(Disk, "write", write)
        _replace(Disk, "rename", rename)
        _replace(LocalWriter, "_conclude", conclude)
        _replace(LocalBackend, "_writer", open_writer)


def seed_fault(fault: str) -> None:
    """Take away one of the three things that recovery rests on."""
    if fault == NO_INTENT:
        _replace(LocalWriter, "begin", lambda *_: None)
        _replace(LocalWriter, "step", lambda *_: None)
    elif fault == FIND_SAYS_MISSING:
        _replace(BenchThing, "find", lambda *_: Missing())
    elif fault == SILENCE_SAYS_MISSING:
        find = BenchThing.find

        def unaware(provider: BenchThing, *arguments: Any) -> Any:
            answer = find(provider, *arguments)
            return Missing() if isinstance(answer, Unreachable) else answer

        _replace(BenchThing, "find", unaware)


def _around(
    owner: type, name: str, killer: Killer, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    real = getattr(owner, name)

    @functools.wraps(real)
    def replaced(*arguments: Any) -> Any:
        for phase in before:
            killer.pass_by(phase)
        result = real(*arguments)
        for phase in after:
            killer.pass_by(phase)
        return result

    _replace(owner, name, replaced)


def _replace(owner: type, name: str, replacement: Callable[..., Any]) -> None:
    setattr(owner, name, replacement)


def run_child(request: dict[str, Any]) -> None:
    """Be the process that a request asks for; ends it."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["amlplan", *request["arguments"]]
    order = Order(**request["order"])
    killer = Killer(order)
    seed_fault(order.fault)
    killer.arm()
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
    deadline = time.monotonic() + _LONGEST_SECONDS
    pause = 0.001
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGABRT)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.01)


def serve() -> None:
    """Answer requests until there are no more."""
    for name in _IMPORTED_BEFORE:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run_child(json.loads(line))
            except BaseException:  # noqa: BLE001 - it must not go on as a second server
                import traceback

                traceback.print_exc()
            finally:
                os._exit(71)
        sys.stdout.write(json.dumps(ended(child)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
