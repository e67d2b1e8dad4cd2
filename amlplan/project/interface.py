"""A project for programs: plan, apply and drift as calls, with data in the place of text."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import StalePlanError
from amlplan.planning.drift import find_drift
from amlplan.planning.finished import id_of
from amlplan.planning.modes import make, mode_of
from amlplan.project.course import Course, concluded
from amlplan.project.opening import holder, open_project, plan_inputs
from amlplan_schemas.plan import PlanOptions

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.applying.apply import ApplyResult
    from amlplan.config.evaluating.variables import Assignment
    from amlplan.events import Event, EventSink
    from amlplan.project.opening import OpenProject
    from amlplan.project.task import Task
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.drift import DriftReport
    from amlplan_schemas.plan import Plan
    from amlplan_schemas.state import State


def _ignore(_event: Event) -> None:
    """Take an event that nobody asked for."""


class Project:
    """The project in a folder. Its files are read anew by each call, as by each command.

    `variables` are values by name, taken as they are; they win over `variable_files`. Calls
    raise AmlplanError (`amlplan.errors`); a ConfigError has every mistake in `diagnostics`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = ".",
        *,
        variables: Mapping[str, JsonValue] | None = None,
        variable_files: Sequence[str | os.PathLike[str]] = (),
    ) -> None:
        self.root = Path(path).resolve()
        files: list[Assignment] = [("file", str(self.root / name)) for name in variable_files]
        given: list[Assignment] = [
            ("value", f"{name}={json.dumps(value)}") for name, value in (variables or {}).items()
        ]
        self._assignments = [*files, *given]

    def plan(
        self,
        options: PlanOptions | None = None,
        *,
        destroy: bool = False,
        emit: EventSink = _ignore,
    ) -> Plan:
        """What apply would do; changes nothing. Blocks while objects are looked at.

        `plan.model_dump_json()` is what `amlplan plan -out=FILE` writes.
        """
        asked = options or PlanOptions()
        mode = mode_of(asked, destroy=destroy)
        project = self._opened()
        inputs = plan_inputs(project, project.backend.reader().read(), asked)
        return make(mode, inputs, emit)

    def apply(self, plan: Plan, *, parallelism: int = 10, lock_timeout: float = 0.0) -> Application:
        """Begin to carry out a plan that `plan` or `read_plan` gave; returns at once.

        The same plan goes on after an interruption. It is refused, with StalePlanError, where it
        would no longer do just what it says. `lock_timeout` is in seconds.
        """
        if parallelism < 1:
            raise ValueError(f"parallelism is {parallelism}, and at least one operation has to run")
        if id_of(plan) != plan.id:
            raise StalePlanError(
                "The plan was changed",
                "Its id, a digest over all of it, does not fit: it is not what was planned. Plan "
                "again.",
            )
        return Application(self._opened(plan), plan, parallelism, float(lock_timeout))

    def drift(self, *, unmanaged: bool = False) -> DriftReport:
        """How the world differs from what was applied; writes nothing, here or outside.

        `unmanaged` tells of objects that others made, too.
        """
        project = self._opened(secrets_enabled=False, opens_history=False)
        inputs = plan_inputs(project, project.backend.reader().read())
        return find_drift(inputs, _ignore, with_others=unmanaged)

    def state(self) -> State | None:
        """What the last apply left, None where there was none."""
        return self._opened(secrets_enabled=False).backend.reader().read()

    def tasks(self, *, with_ended: bool = False) -> list[Task]:
        """What is under way here: applies with their operations, runs and grids.

        With `with_ended`, what ended lately too. What cannot be looked at is left out.
        """
        from amlplan.project.tasks import TaskView

        return TaskView(self.root).tasks(with_ended=with_ended)

    def _opened(
        self,
        plan: Plan | None = None,
        *,
        secrets_enabled: bool = True,
        opens_history: bool = True,
    ) -> OpenProject:
        return open_project(
            self._assignments,
            root=self.root,
            secrets_enabled=secrets_enabled,
            opens_history=opens_history,
            require_variables=secrets_enabled,
            fixed_variables=plan.bindings.variables if plan is not None else None,
        )


class Application:
    """An apply under way, in a thread of its own.

    Iterating gives its events (`amlplan.events`) until the last, Concluded. `result` waits for the
    end. Both raise what kept it from being carried out; operations that failed are in the result.
    A program does not end before it does.
    """

    def __init__(
        self, project: OpenProject, plan: Plan, parallelism: int, lock_timeout: float
    ) -> None:
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._timeout = lock_timeout
        self._plan = plan
        self._course = Course(
            project, self._events.put, self._stop, saved=plan, parallelism=parallelism
        )
        self._result: ApplyResult | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="amlplan-apply")
        self._thread.start()

    def __iter__(self) -> Iterator[Event]:
        """The events in their order; blocks for the next. They are given once."""
        while (event := self._events.get()) is not None:
            yield event
        self._events.put(None)  # for who iterates again
        self.result()

    def result(self) -> ApplyResult:
        """What was done; blocks until the end."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        assert self._result is not None  # noqa: S101 - one of the two is there in the end
        return self._result

    def cancel(self) -> None:
        """Begin nothing more and ask what is under way to stop; the same plan goes on later."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self._result = self._carried_out()
        except BaseException as failure:  # noqa: BLE001 - it is raised where the result is asked for
            self._failure = failure
        finally:
            self._events.put(None)

    def _carried_out(self) -> ApplyResult:
        course, backend = self._course, self._course.project.backend
        if backend.reader().read() is None:
            course.plan(None)  # a plan that does not hold makes no state
        with backend.open(
            holder("python"), timeout=self._timeout, waiting=lambda _other: None
        ) as writer:
            plan = course.plan(writer.state)
            result = course.carry_out(plan, writer)
            self._events.put(concluded(plan, result, writer.state))
        return result
