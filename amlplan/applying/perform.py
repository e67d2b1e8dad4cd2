"""Carries out one step: intent, provider call, outcome, each durable before the next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from amlplan.applying.handle import Handle
from amlplan.applying.records import desired_object, draft_record
from amlplan.defects import defects_explained
from amlplan.errors import (
    AmlplanError,
    CanceledError,
    ConfigError,
    PlanError,
    ProviderError,
    UnreachableError,
)
from amlplan.events import Failed, Finished, Started
from amlplan.planning.connections import ConnectedRecords
from amlplan.planning.observe import read_one, targets_of
from amlplan.planning.recorded import shown_values
from amlplan.planning.refreshing import accepted, as_seen
from amlplan.planning.settle import without_deposed
from amlplan.planning.want import resource_value, want
from amlplan.pointers import top_field
from amlplan.provider import Desired, Finds, Present, Unreachable, has
from amlplan.values import UNKNOWN
from amlplan_schemas.plan import Action, Reason
from amlplan_schemas.state import Intent, Record, Status, Tree

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from amlplan.applying.steps import Step
    from amlplan.backend import StateWriter
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.events import EventSink
    from amlplan.lockfile import LockFile
    from amlplan.planning.compare import SecretDigests
    from amlplan.planning.connections import Connections
    from amlplan.planning.want import Wanted
    from amlplan.provider import Outputs, Provider, Targets
    from amlplan.registry import Registry
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.plan import Operation


@dataclass(frozen=True, slots=True)
class Performer:
    """Carries out the steps of one apply; `perform` may be called from several threads."""

    plan_id: str
    lineage: str
    evaluation: Evaluation
    writer: StateWriter
    registry: Registry
    digests: SecretDigests
    lock: LockFile
    emit: EventSink
    stop: threading.Event
    connections: Connections = field(default_factory=dict)

    @property
    def _records(self) -> Mapping[str, Record]:
        """The records as they are now, with the connections of this user."""
        return ConnectedRecords(self.writer.records, self.connections)

    def perform(self, step: Step) -> None:
        """Carry out a step; blocks. Raises AmlplanError after recording what is left."""
        operation = step.operation
        started = time.monotonic()
        self.emit(Started(operation.address, step.action, operation.name))
        try:
            record = None
            match step.action:
                case "delete":
                    self._delete(operation)
                case "remove":
                    self._remove(operation)
                case "forget":
                    self.writer.finish(operation.address, None)
                case "refresh":
                    record = self._refresh(operation)
                case _:
                    record = self._make(operation, step.action)
        except AmlplanError as failure:
            failure.address = failure.address or operation.address
            failure.summary = self.digests.secrets.masked(failure.summary)
            failure.detail = self.digests.secrets.masked(failure.detail)
            failure.args = (failure.summary, failure.detail)
            seconds = time.monotonic() - started
            self.emit(Failed(operation.address, step.action, seconds, failure))
            raise
        seconds = time.monotonic() - started
        identity = record.outputs.values.get("id", record.name) if record else operation.name
        self.emit(Finished(operation.address, step.action, seconds, identity))

    def _delete(self, operation: Operation) -> None:
        self._end(self._records[operation.address])
        self.writer.finish(operation.address, None)

    def _end(self, record: Record) -> None:
        """Have an object be deleted; where that fails, its address has the record that it had."""
        provider = self.registry.provider(record.kind)
        self._begin("delete", record, {})
        handle = self._handle(record.address, {})
        try:
            with defects_explained(record.kind):
                provider.delete(record, targets_of(record, self._records), handle)
        except CanceledError:
            raise
        except AmlplanError:
            self.writer.finish(record.address, self.writer.records[record.address])
            raise

    def _remove(self, operation: Operation) -> None:
        """Delete an object that was replaced by that of a record, which stays."""
        record = self.writer.records[operation.address]
        replaced = [item for item in record.deposed if item.generation == operation.deposed]
        if operation.deposed is None:
            replaced = list(record.deposed[-1:])  # the one that this very operation replaced
        for item in replaced:
            self._end(item)
            self.writer.finish(operation.address, without_deposed(record, item.identity))

    def _refresh(self, operation: Operation) -> Record:
        """Write down what an object is like, which must be what was planned."""
        record = self._records[operation.address]
        if operation.reason is Reason.REQUESTED:
            now = accepted(record, self._records, self.registry)
        else:
            observed = read_one(record, self._records, self.registry)
            now = as_seen(record, observed) if isinstance(observed, Present) else record
        if shown_values(now) != operation.after:
            raise PlanError(
                "The plan no longer holds",
                f"{operation.address} is not what was planned: it changed outside in the "
                "meantime. Plan again.",
                address=operation.address,
            )
        self.writer.finish(operation.address, now)
        return now

    def _make(self, operation: Operation, action: str) -> Record:
        wanted = self._wanted(operation)
        prior = self._records.get(operation.address)
        if action == "update" and prior is None:
            raise PlanError(
                "The plan no longer holds",
                f"Nothing is recorded at {operation.address}, which was to be changed. Plan again.",
                address=operation.address,
            )
        draft = draft_record(
            operation,
            wanted,
            self.registry,
            self.digests,
            self.lineage,
            self.evaluation.dependencies,
            prior,
        )
        provider = self.registry.provider(draft.kind)
        if not operation.calls_provider and prior is not None:
            record = draft.model_copy(update={"outputs": prior.outputs, "status": prior.status})
        else:
            steps = _steps_done(prior, draft)
            targets = targets_of(draft, self._records)
            desired = desired_object(wanted, draft, targets, self.digests.secrets)
            self._begin("update" if action == "update" else "create", draft, steps)
            handle = self._handle(draft.address, steps)
            if action == "update" and prior is not None:
                outputs = self._update(provider, desired, prior, draft, handle)
            else:
                outputs = self._create(provider, desired, draft, targets, handle)
            record = self._recorded(provider, draft, prior if action == "update" else None, outputs)
        self.writer.finish(draft.address, record)
        self._publish(wanted, record, provider)
        self._check_promise(operation, record)
        broken = self.evaluation.postconditions(operation.address)
        if broken:
            raise ConfigError(broken)
        return record

    def _wanted(self, operation: Operation) -> Wanted:
        # Of an object that is made anew nothing stays as it was applied, also while that is there.
        is_anew = operation.action is Action.REPLACE
        wanted, problems = want(
            operation.address,
            self.evaluation,
            self.registry,
            self.digests.secrets,
            self.lock,
            None if is_anew else self.writer.records.get(operation.address),
        )
        problems += self.evaluation.preconditions(operation.address)
        if wanted is None or problems:
            raise ConfigError(problems)
        for request in wanted.unanswered:
            raise PlanError(
                "Not locked yet",
                f"{operation.address} needs its {request.type} resolved, which could not be known "
                "before what it refers to was applied. Run: amlplan init, then apply again.",
                address=operation.address,
            )
        self._check_known(operation, wanted)
        hidden = {top_field(path) for path in (*operation.unknown, *operation.sensitive)}
        planned = operation.after or {}
        for name, value in {**wanted.checked.values, **wanted.derived}.items():
            if name not in hidden and planned.get(name) != value:
                raise PlanError(
                    "The plan no longer holds",
                    f"{name} of {operation.address} is not what was planned: something it is "
                    "made from changed in the meantime. Plan again.",
                    address=operation.address,
                )
        return wanted

    def _check_known(self, operation: Operation, wanted: Wanted) -> None:
        if wanted.checked.model is not None:
            return
        why = [item.why for item in self.digests.secrets.unresolved.values()]
        waiting = sorted(top_field(path) for path in wanted.checked.whole.unknown)
        if why:
            raise PlanError(
                "A secret cannot be had",
                f"{operation.address} needs a secret, and {'; '.join(why)}. Provide it, then "
                "apply again.",
                address=operation.address,
            )
        raise PlanError(
            "A value is still unknown",
            f"{', '.join(waiting)} of {operation.address} is not known, although everything it "
            "refers to was applied. This is a defect of the provider that should have given it.",
            address=operation.address,
        )

    def _begin(self, action: str, draft: Record, steps: Mapping[str, JsonValue]) -> None:
        self.writer.begin(
            Intent(
                operation=f"{self.plan_id}/{draft.address}/{action}",
                action=action,
                address=draft.address,
                draft=draft,
                plan=self.plan_id,
                steps=dict(steps),
            )
        )

    def _handle(self, address: str, steps: Mapping[str, JsonValue]) -> Handle:
        return Handle(address, steps, self.writer, self.emit, self.stop, self.digests.secrets)

    def _create(
        self,
        provider: Provider,
        desired: Desired,
        draft: Record,
        targets: Targets,
        handle: Handle,
    ) -> Outputs:
        try:
            with defects_explained(draft.kind):
                return provider.create(desired, handle)
        except CanceledError:
            raise  # the intent stays, and the next apply settles it
        except AmlplanError as failure:
            self._record_failed_create(provider, draft, targets, handle, failure)
            raise

    def _record_failed_create(
        self,
        provider: Provider,
        draft: Record,
        targets: Targets,
        handle: Handle,
        failure: AmlplanError,
    ) -> None:
        """Ask what a failed create left, so that nothing is lost and nothing is invented."""
        left = None
        if has(provider, Finds):
            try:
                with defects_explained(draft.kind):
                    left = provider.find(draft, targets)
            except AmlplanError as silence:
                left = Unreachable(str(silence))
        if isinstance(left, Unreachable):
            return
        if isinstance(left, Present):
            outputs = Tree(values=self.digests.secrets.masked(dict(left.outputs)))
            tainted = draft.model_copy(update={"outputs": outputs, "status": Status.TAINTED})
            self.writer.finish(draft.address, tainted)
        elif handle.steps or self._may_be_begun(draft, failure):
            begun = {"status": Status.INCOMPLETE, "steps": dict(handle.steps)}
            self.writer.finish(draft.address, draft.model_copy(update=begun))
        else:
            earlier = self.writer.records.get(draft.address)
            keeps = earlier is not None and (earlier.deposed or draft.deposed)
            self.writer.finish(draft.address, earlier if keeps else None)

    def _may_be_begun(self, draft: Record, failure: AmlplanError) -> bool:
        """Whether something may carry the identity already, so that it must not be forgotten."""
        earlier = self.writer.records.get(draft.address)
        goes_on = earlier is not None and earlier.identity == draft.identity
        return goes_on or isinstance(failure, UnreachableError)

    def _update(
        self, provider: Provider, desired: Desired, prior: Record, draft: Record, handle: Handle
    ) -> Outputs:
        try:
            with defects_explained(prior.kind):
                return provider.update(desired, prior, handle)
        except CanceledError:
            raise
        except AmlplanError:
            begun = {
                "status": Status.INCOMPLETE,
                "steps": dict(handle.steps),
                "steps_for": draft.steps_for,
            }
            self.writer.finish(prior.address, prior.model_copy(update=begun))
            raise

    def _recorded(
        self, provider: Provider, draft: Record, prior: Record | None, outputs: Outputs
    ) -> Record:
        """The record with the outputs; `prior` is what an update started from."""
        try:
            values = provider.kind.outputs.model_validate(dict(outputs)).model_dump(mode="json")
        except ValidationError as failure:
            broken = draft.model_copy(update={"status": Status.TAINTED})
            if prior is not None:
                # The object is what it was asked to be as far as is known: update it again.
                broken = prior.model_copy(update={"status": Status.INCOMPLETE})
            self.writer.finish(draft.address, broken)
            fields = ", ".join(str(item["loc"][0]) for item in failure.errors() if item["loc"])
            raise ProviderError(
                "The provider broke its promise",
                f"{draft.kind} gave outputs that do not fit its model ({fields}). The object is "
                f"kept in the state as {broken.status}. Report this to the provider's authors.",
            ) from None
        kept = Tree(values=self.digests.secrets.masked(values))
        return draft.model_copy(update={"outputs": kept, "steps_for": None})

    def _publish(self, wanted: Wanted, record: Record, provider: Provider) -> None:
        value = resource_value(
            wanted,
            provider.kind.outputs.model_fields,
            record.outputs.values,
            record.identity or UNKNOWN,
        )
        self.evaluation.publish(record.address, value)

    def _check_promise(self, operation: Operation, record: Record) -> None:
        """Every output that the plan knew must be as planned; the object stays in the state."""
        if operation.action is Action.REPLACE or not operation.calls_provider:
            return
        hidden = {top_field(path) for path in operation.unknown}
        planned = operation.after or {}
        for name, value in record.outputs.values.items():
            if name in planned and name not in hidden and planned[name] != value:
                if name in record.derived or name in record.inputs.values:
                    continue
                raise ProviderError(
                    "The provider broke its promise",
                    f"{name} of {operation.address} was planned as {planned[name]!r} and became "
                    f"{value!r}. The object is kept in the state. Report this to the provider's "
                    "authors.",
                    address=operation.address,
                )


def _steps_done(prior: Record | None, draft: Record) -> Mapping[str, JsonValue]:
    """The steps that an earlier attempt at just this finished."""
    if prior is None or prior.generation != draft.generation or not prior.steps:
        return {}
    return prior.steps if prior.steps_for == draft.steps_for else {}
