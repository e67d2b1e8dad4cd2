"""How a plan is made, shown, approved and applied: the shared course of apply and destroy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.cli.interrupt import ending_on_signals, stopping_on_signals
from amlplan.cli.plan_options import Asked
from amlplan.cli.text.plan import is_stuck
from amlplan.cli.text.state_lock import waiting_text
from amlplan.errors import (
    EXIT_AUTH,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_PARTIAL,
    AuthError,
    PlanError,
)
from amlplan.events import Concluded, Planned, Said
from amlplan.lockfile import write_lock
from amlplan.planning.gates import check_gates, is_safe
from amlplan.planning.locking import completed_lock
from amlplan.planning.saved import read_plan
from amlplan.project.course import Course, check_same, concluded
from amlplan.project.opening import empty_state, holder, open_project
from amlplan.project.progress_handle import ProgressHandle
from amlplan_schemas.base import seconds_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from amlplan.applying.apply import ApplyResult
    from amlplan.backend import StateWriter
    from amlplan.cli.reporters.reporter import Reporter
    from amlplan.config.evaluating.variables import Assignment
    from amlplan.events import EventSink
    from amlplan.lockfile import LockFile
    from amlplan.project.opening import OpenProject
    from amlplan_schemas.plan import Mode, Plan
    from amlplan_schemas.state import State


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What the user asked of an apply."""

    assignments: Sequence[Assignment] = ()
    mode: Mode = "normal"
    asked: Asked = field(default_factory=Asked)
    plan_file: str | None = None
    auto_approve: bool = False
    auto_approve_safe: bool = False
    dry_run: bool = False
    update_lock: bool = False
    parallelism: int = 10
    lock_timeout: str = "0s"


def with_completed_lock(
    project: OpenProject, progress: EventSink, stop: threading.Event
) -> OpenProject:
    """The project with its lock completed, written where that changed it."""
    lock = resolved_lock(project, progress, stop)
    if lock != project.lock:
        write_lock(project.root, lock)
    return project.with_lock(lock)


def resolved_lock(
    project: OpenProject,
    progress: EventSink,
    stop: threading.Event,
    upgrade: AbstractSet[str] = frozenset(),
) -> LockFile:
    """The project's lock, completed; what the addresses in `upgrade` ask for is resolved again."""
    return completed_lock(
        project.evaluation,
        project.backend.reader().read() or empty_state(),
        project.registry,
        project.secrets,
        project.lock,
        lambda address: ProgressHandle(address, progress, stop),
        upgrade,
    )


def run_apply(report: Reporter, options: ApplyOptions) -> int:
    """Plan, ask, apply; gives the exit code."""
    saved = read_plan(Path(options.plan_file)) if options.plan_file else None
    if saved is not None:
        _check_assignments(saved, options.assignments)
    with stopping_on_signals(lambda text: report(Said(text, urgent=True))) as stop:
        project = open_project(
            options.assignments, fixed_variables=saved.bindings.variables if saved else None
        )
        report.mask_with(project.secrets.masked)
        dialogue = _Dialogue(report, options, saved)
        dialogue.check_approval_is_possible()
        asks = saved is None and options.mode == "normal" and report.can_ask
        if options.update_lock or asks:
            project = with_completed_lock(project, report, stop)
        course = Course(
            project,
            report,
            stop,
            saved,
            options.mode,
            options.asked.options,
            parallelism=options.parallelism,
        )
        return dialogue.run(course)


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """One apply as somebody asks for it: from its plan to its last line."""

    report: Reporter
    options: ApplyOptions
    saved: Plan | None

    def check_approval_is_possible(self) -> None:
        """Raise PlanError where nobody can be asked and nothing was approved before."""
        approved = self.options.auto_approve or self.options.auto_approve_safe
        if self.saved or approved or self.report.can_ask:
            return
        raise PlanError(
            "Approval is needed",
            "There is no terminal to ask at. Use -auto-approve, or make a plan with "
            "`amlplan plan -out=FILE`, have it read, and apply that file.",
        )

    def run(self, course: Course) -> int:
        """Plan, ask, lock and apply."""
        backend = course.project.backend
        if self.options.dry_run:
            with ending_on_signals():
                plan = course.plan(backend.reader().read())
            self.report(Planned(plan))
            return EXIT_PARTIAL if plan.blocked or plan.deferred else 0
        approved: Plan | None = None
        if backend.reader().read() is None:
            # Nothing is written, not even an empty state, before the plan holds and is approved.
            with ending_on_signals():
                approved = course.plan(None)
            if not self._approve(course, approved):
                return self._declined(approved)
        with ending_on_signals():
            opened = backend.open(
                holder("destroy" if course.mode == "destroy" else "apply"),
                timeout=seconds_of(self.options.lock_timeout),
                waiting=lambda other: self.report(Said(waiting_text(other))),
            )
        with opened as writer:
            with ending_on_signals():
                plan = course.plan(writer.state)
            if approved is None:
                if not self._approve(course, plan):
                    if not plan.has_differences:
                        course.settle(plan, writer)
                    return self._declined(plan)
            else:
                check_same(approved, plan)
            return self._apply(course, plan, writer)

    def _approve(self, course: Course, plan: Plan) -> bool:
        """Show the plan and ask; a saved plan was shown and approved when it was made."""
        if self.saved is not None:
            if not plan.has_differences:
                state = "can be done now" if plan.blocked else "is left to do"
                self.report(Said(f"Nothing of this plan {state}."))
            self.report(Planned(plan, was_saved=True))
            check_gates(plan, self.options.asked.fail_on)
            return plan.has_differences
        self.report(Planned(plan))
        check_gates(plan, self.options.asked.fail_on)
        if not plan.has_differences:
            return False
        if self.options.auto_approve or (self.options.auto_approve_safe and is_safe(plan)):
            return True
        if not self.report.can_ask:
            raise PlanError(
                "Approval is needed",
                "The plan destroys or replaces something, and there is no terminal to ask at. Make "
                "a plan with `amlplan plan -out=FILE`, have it read, and apply that file.",
            )
        verb = "destroy all of this" if course.mode == "destroy" else "perform these actions"
        with ending_on_signals():
            answer = self.report.ask(
                f"\nDo you want to {verb}? Only 'yes' is taken as yes.\n\n  Enter a value: "
            )
        return answer == "yes"

    def _declined(self, plan: Plan) -> int:
        """The exit code where nothing is applied: nothing to do, or not approved."""
        if not plan.has_differences:
            self.report(Concluded(plan))
            return EXIT_PARTIAL if is_stuck(plan) else 0
        self.report(Said("\nCancelled: nothing was changed."))
        return EXIT_ERROR

    def _apply(self, course: Course, plan: Plan, writer: StateWriter) -> int:
        if plan.operations and self.saved is None:
            self.report(Said(""))
        result = course.carry_out(plan, writer)
        return self._concluded(plan, result, writer.state)

    def _concluded(self, plan: Plan, result: ApplyResult, state: State) -> int:
        """Tell the end of an apply; gives its exit code."""
        self.report(concluded(plan, result, state))
        if result.interrupted:
            return EXIT_INTERRUPTED
        if result.failures:
            refused = all(isinstance(item, AuthError) for item in result.failures)
            return EXIT_AUTH if refused else EXIT_PARTIAL
        # What is blocked keeps it from success.
        return EXIT_PARTIAL if is_stuck(plan) else 0


def _check_assignments(saved: Plan, assignments: Sequence[Assignment]) -> None:
    """Raise PlanError where an option sets a variable that a saved plan holds already."""
    for form, text in assignments:
        name = text.partition("=")[0]
        if form == "var" and name in saved.bindings.variables:
            raise PlanError(
                "The plan has its variables",
                f"-var={name}=… cannot change a saved plan. Leave it out, or plan again with it; "
                "only sensitive variables are given again, since a plan keeps no secret.",
            )
