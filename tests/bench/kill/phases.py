"""The phases of an apply in which a kill may fall, and who kills."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field

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
LONGEST_SECONDS = 60.0
"""Seconds after which a command that should have ended is taken to hang."""


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
    here: threading.local = field(default_factory=threading.local)

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
        time.sleep(LONGEST_SECONDS)

    @property
    def is_in_call(self) -> bool:
        """Whether this thread is in the call of a provider."""
        return getattr(self.here, "in_call", False)

    @is_in_call.setter
    def is_in_call(self, is_in_call: bool) -> None:
        self.here.in_call = is_in_call
