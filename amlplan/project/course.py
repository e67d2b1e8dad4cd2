"""The course of an apply, whoever asked for it: the plan as of now, then what that says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.applying.apply import (
    DEFAULT_PARALLELISM,
    Applying,
    applied_now,
    apply_plan,
    recover,
    refresh_dependencies,
    remember_connections,
)
from amlplan.errors import StalePlanError
from amlplan.events import Concluded
from amlplan.planning.bindings import check_saved, same_imports
from amlplan.planning.modes import make
from amlplan.planning.resuming import options_left
from amlplan.project.location import remember_location
from amlplan.project.opening import connections_in, plan_inputs
from amlplan_schemas.plan import PlanOptions

if TYPE_CHECKING:
    import threading

    from amlplan.applying.apply import ApplyResult
    from amlplan.backend import StateWriter
    from amlplan.events import EventSink
    from amlplan.planning.connections import Connections
    from amlplan.project.opening import OpenProject
    from amlplan_schemas.plan import Mode, Plan
    from amlplan_schemas.state import State


@dataclass(frozen=True, slots=True)
class Course:
    """One apply of a project.

    `saved` is a plan that was made and approved before, with a mode and options of its own.
    """

    project: OpenProject
    emit: EventSink
    stop: threading.Event
    saved: Plan | None = None
    asked_mode: Mode = "normal"
    options: PlanOptions = field(default_factory=PlanOptions)
    parallelism: int = DEFAULT_PARALLELISM

    @property
    def mode(self) -> Mode:
        """What the plan is for."""
        return self.asked_mode if self.saved is None else self.saved.mode

    def plan(self, state: State | None) -> Plan:
        """The plan as of now; where one was saved, the same one or StalePlanError."""
        saved = self.saved
        options, salt = self.options, None
        if saved is not None:
            begun = _goes_on(saved, state) or _was_done(saved, state)
            options = options_left(saved, state) if state and begun else saved.options
            salt = saved.bindings.salt
        inputs = plan_inputs(self.project, state, options, salt=salt, parallelism=self.parallelism)
        plan = make(self.mode, inputs, self.emit)
        if saved is None:
            return plan
        if not _was_done(saved, state):
            check_saved(saved, plan, resumes=_goes_on(saved, state))
        elif plan.has_differences:
            raise StalePlanError(
                "Saved plan is stale",
                "This very plan was applied already, and something changed since. Plan again.",
            )
        return plan.model_copy(update={"id": saved.id})

    def settle(self, plan: Plan, writer: StateWriter) -> None:
        """Write what needs no approval: interrupted operations, and what refers to what."""
        connections = self._recover(writer)
        if self.mode == "normal":
            refresh_dependencies(writer, self.project.evaluation, plan.waiting)
            remember_connections(writer, connections)
        now = None
        if self.saved is not None and not plan.blocked:
            now = applied_now(self.saved.id, self.project.root, complete=True)
        writer.conclude(None, now)

    def carry_out(self, plan: Plan, writer: StateWriter) -> ApplyResult:
        """Do what a plan of the writer's state says; blocks until all of it is recorded."""
        project = self.project
        connections = self._recover(writer)
        remember_location(project.root, project.backend.reader().location())
        return apply_plan(
            plan,
            Applying(
                writer=writer,
                evaluation=project.evaluation,
                registry=project.registry,
                secrets=project.secrets,
                lock=project.lock,
                emit=self.emit,
                stop=self.stop,
                root=project.root,
                parallelism=self.parallelism,
                connections=connections,
            ),
        )

    def _recover(self, writer: StateWriter) -> Connections:
        """Settle what was interrupted; gives how this user reaches targets."""
        project = self.project
        connections = connections_in(project, writer.state)
        recover(writer, project.registry, project.secrets, self.emit, connections)
        return connections


def concluded(plan: Plan, result: ApplyResult, state: State) -> Concluded:
    """The last event of an apply."""
    return Concluded(
        plan,
        imported=result.imported,
        added=result.added,
        changed=result.changed,
        destroyed=result.destroyed,
        failures=result.failures,
        interrupted=result.interrupted,
        notes=result.notes,
        outputs=state.outputs,
    )


def check_same(approved: Plan, plan: Plan) -> None:
    """Raise StalePlanError where a plan is no longer the one that was approved a moment ago."""
    if approved.operations != plan.operations or not same_imports(approved, plan):
        raise StalePlanError(
            "Somebody else was first",
            "Another apply made the state while this one asked. Apply again.",
        )


def _goes_on(saved: Plan, state: State | None) -> bool:
    """Whether an interrupted or failed apply of the saved plan is taken up again."""
    if state is None:
        return False
    last = state.applied
    begun = last is not None and last.plan == saved.id and not last.complete
    return begun or state.underway == saved.id


def _was_done(saved: Plan, state: State | None) -> bool:
    """Whether the saved plan was carried out to its end already."""
    if state is None or state.applied is None or state.underway is not None:
        return False
    return state.applied.plan == saved.id and state.applied.complete
