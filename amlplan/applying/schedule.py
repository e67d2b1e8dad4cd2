"""Runs steps on threads, each as soon as what it needs is done."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amlplan.applying.steps import Step, StepKey

GRACE_SECONDS = 5.5
"""How long steps under way may take after the user asked to stop: GitHub kills after 7.5 s."""
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class Outcome:
    """What became of each step; `abandoned` were still under way when the grace was over."""

    done: list[Step] = field(default_factory=list)
    failed: dict[StepKey, AmlplanError] = field(default_factory=dict)
    skipped: dict[StepKey, str] = field(default_factory=dict)
    abandoned: list[Step] = field(default_factory=list)


class Schedule:
    """The steps of one apply while they run; made for one `run`."""

    def __init__(
        self,
        steps: Sequence[Step],
        perform: Callable[[Step], None],
        *,
        parallelism: int,
        stop: threading.Event,
    ) -> None:
        self._perform = perform
        self._parallelism = max(1, min(parallelism, len(steps)))
        self._stop = stop
        self._changed = threading.Condition()
        self._ready: deque[Step] = deque()
        self._running: dict[StepKey, Step] = {}
        self._waiting: dict[StepKey, int] = {}
        self._followers: dict[StepKey, list[Step]] = {}
        self._left = len(steps)
        self._outcome = Outcome()
        for step in steps:
            self._waiting[step.key] = len(step.after)
            for key in step.after:
                self._followers.setdefault(key, []).append(step)
            if not step.after:
                self._ready.append(step)

    def run(self) -> Outcome:
        """Run every step that can run; blocks. After `stop` nothing new is started."""
        if self._left == 0:
            return self._outcome
        for number in range(self._parallelism):
            threading.Thread(target=self._work, name=f"apply-{number}", daemon=True).start()
        stopped_at: float | None = None
        with self._changed:
            while self._left:
                self._changed.wait(_POLL_SECONDS)
                if not self._running and not self._ready and not self._stop.is_set():
                    self._fail_the_rest()
                    break
                if not self._stop.is_set():
                    continue
                stopped_at = stopped_at or time.monotonic()
                over = time.monotonic() - stopped_at > GRACE_SECONDS
                if not self._running or over:
                    break
            self._skip_the_rest()
            self._changed.notify_all()
        return self._outcome

    def _fail_the_rest(self) -> None:
        """Nothing runs and nothing can: steps wait for each other, which no plan should have."""
        done = {step.key for step in self._outcome.done}
        stuck = [
            key
            for key in self._waiting
            if key not in {*done, *self._outcome.failed, *self._outcome.skipped}
        ]
        names = ", ".join(sorted({key.address for key in stuck}))
        self._left = 0
        for key in stuck:
            self._outcome.failed[key] = PlanError(
                "Operations wait for each other",
                f"None of these could begin: {names}. Apply again with one of them at a time, and "
                "report this with the configuration.",
                address=key.address,
            )

    def _skip_the_rest(self) -> None:
        """Nothing more is started; what still runs is abandoned to the next apply."""
        self._left = 0
        self._outcome.abandoned.extend(self._running.values())
        finished = {step.key for step in self._outcome.done}
        finished |= self._outcome.failed.keys() | self._outcome.skipped.keys()
        for key in self._waiting:
            if key not in finished and key not in self._running:
                self._outcome.skipped[key] = "interrupted"

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._left and (self._stop.is_set() or not self._ready):
                    self._changed.wait(_POLL_SECONDS if self._stop.is_set() else None)
                if not self._left:
                    return
                step = self._ready.popleft()
                self._running[step.key] = step
            failure: AmlplanError | None = None
            try:
                self._perform(step)
            except AmlplanError as raised:
                failure = raised
            except BaseException as raised:  # noqa: BLE001 - a defect must not hang the apply
                failure = AmlplanError("Unexpected failure", f"{type(raised).__name__}: {raised}")
                failure.__cause__ = raised
            with self._changed:
                self._finish(step, failure)
                self._changed.notify_all()

    def _finish(self, step: Step, failure: AmlplanError | None) -> None:
        if self._running.pop(step.key, None) is None or not self._left:
            return
        self._left -= 1
        if failure is not None:
            self._outcome.failed[step.key] = failure
            self._skip_followers(step)
            return
        self._outcome.done.append(step)
        for follower in self._followers.get(step.key, ()):
            self._waiting[follower.key] -= 1
            if self._waiting[follower.key] == 0 and follower.key not in self._outcome.skipped:
                self._ready.append(follower)

    def _skip_followers(self, step: Step) -> None:
        stack = [step]
        while stack:
            for follower in self._followers.get(stack.pop().key, ()):
                if follower.key not in self._outcome.skipped:
                    self._outcome.skipped[follower.key] = step.operation.address
                    self._left -= 1
                    stack.append(follower)
