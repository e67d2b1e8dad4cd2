"""Plans what the configuration wants, resource by resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.addresses import block_type_of
from amlplan.diagnostics import Diagnostic, error
from amlplan.planning.decide import Decision, Subject, decide
from amlplan.planning.outside import attached, awaited, offers
from amlplan.planning.selection import named
from amlplan.planning.taking_over import import_replaces, take_over
from amlplan.planning.want import Wanted, resource_value, value_as_recorded, want
from amlplan.pointers import top_field
from amlplan.provider import Present, Unreachable
from amlplan.secrets import describe
from amlplan.values import UNKNOWN
from amlplan.wording import counted, in_shell
from amlplan_schemas.plan import Action, Note
from amlplan_schemas.state import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.planning.compare import SecretDigests
    from amlplan.planning.findings import Findings
    from amlplan.planning.importing import WantedImport
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.plan import Operation
    from amlplan_schemas.state import Held, Record


class Planner:
    """Plans the resources of the configuration, one after the other, in order."""

    def __init__(
        self,
        findings: Findings,
        digests: SecretDigests,
        imports: Mapping[str, WantedImport] | None = None,
    ) -> None:
        self._inputs = findings.inputs
        self._findings = findings
        self._digests = digests
        self._imports = imports or {}

    def resource(self, address: str) -> None:
        """Plan one resource of the configuration and publish it to those that refer to it."""
        inputs = self._inputs
        record = self._findings.records.get(address)
        wanted, problems = want(
            address, inputs.evaluation, inputs.registry, inputs.secrets, inputs.lock, record
        )
        problems += inputs.evaluation.preconditions(address)
        if wanted is None or problems:
            self._findings.problems.extend(problems)
            inputs.evaluation.fail(address)
            return
        self._findings.wanted[address] = wanted
        if inputs.registry.is_configuration_only(wanted.block.kind):
            inputs.evaluation.publish(address, resource_value(wanted, {}, {}, UNKNOWN))
            return
        known, identity = self._plan(wanted, record)
        wanted = self._findings.wanted[address]
        provider = inputs.registry.provider(wanted.block.kind)
        value = resource_value(
            wanted, provider.kind.outputs.model_fields, known, identity or UNKNOWN
        )
        inputs.evaluation.publish(address, value)
        self._findings.problems += inputs.evaluation.postconditions(address)

    def leave_out(self, address: str) -> None:
        """Publish one resource as it is recorded, since the options keep it from being planned."""
        inputs = self._inputs
        record = self._findings.records.get(address)
        self._findings.left_out.add(address)
        if record is not None:
            kind = inputs.registry.provider(record.kind).kind
            inputs.evaluation.publish(address, value_as_recorded(record, kind))
            return
        wanted, problems = want(
            address, inputs.evaluation, inputs.registry, inputs.secrets, inputs.lock
        )
        if wanted is None or problems:
            inputs.evaluation.publish(address, UNKNOWN)
            return
        fields: Mapping[str, object] = {}
        if not inputs.registry.is_configuration_only(wanted.block.kind):
            fields = inputs.registry.provider(wanted.block.kind).kind.outputs.model_fields
        inputs.evaluation.publish(address, resource_value(wanted, fields, {}, UNKNOWN))

    def _plan(
        self, wanted: Wanted, record: Record | None
    ) -> tuple[Mapping[str, JsonValue], str | None]:
        """The outputs and the identity that others may rely on."""
        address = wanted.block.address
        if wanted.is_attached:
            return self._attached(wanted, record)
        if record is None and address in self._imports:
            asked, targets = self._imports[address], self._targets(wanted)
            record = take_over(self._findings, wanted, asked, targets, self._digests)
            if record is None:
                return {}, None
        recorded = (record.outputs.values, record.identity) if record else ({}, None)
        if self._lacks_lock_entries(wanted):
            return recorded
        self._note_offers(wanted)
        silent = self._findings.silence_of(address, record)
        if silent is not None:
            self._findings.block(address, wanted.block.kind, *silent)
            return recorded
        decision = self._decide(wanted, record)
        if decision.operation is not None and decision.operation.action is Action.REPLACE:
            anew = self._wanted_anew(address)
            if anew is None:
                return recorded
            wanted = anew
            decision = self._decide(wanted, record)
        if decision.drift is not None:
            self._findings.drift.append(decision.drift)
        for path in decision.unresolved:
            self._note_secret(wanted, path)
        operation = decision.operation
        if operation is None:
            self._findings.unchanged += 1
            self._note_same_content(wanted)
            return recorded
        if self._findings.waits_for_others(operation):
            return recorded
        if self._must_stay(operation, wanted, record) or import_replaces(self._findings, operation):
            return recorded
        if record is not None and record.held is not None:
            self._hold(record, record.held, has_drifted=decision.drift is not None)
            return recorded
        taken_over = self._findings.imports.get(address)
        self._findings.operations[address] = operation.model_copy(
            update={
                "depends_on": self._dependencies(address),
                "importing": taken_over.id if taken_over is not None else None,
                "note": _note(wanted, operation),
            }
        )
        keeps = operation.action is Action.UPDATE and record is not None
        return decision.known_outputs, record.identity if keeps and record else None

    def _decide(self, wanted: Wanted, record: Record | None) -> Decision:
        inputs, address = self._inputs, wanted.block.address
        forgotten = self._findings.forgotten.get(address)
        return decide(
            Subject(
                wanted=wanted,
                record=record,
                observed=self._findings.observed.get(address, Present()),
                provider=inputs.registry.provider(wanted.block.kind),
                digests=self._digests,
                serial=max(inputs.state.serial, forgotten.generation if forgotten else 0),
                targets=self._targets(wanted),
                is_triggered=self._is_triggered(wanted),
                is_requested=bool(named(inputs.options.replace, [address])),
            )
        )

    def _wanted_anew(self, address: str) -> Wanted | None:
        """What is wanted of an object that is made anew: nothing stays as it was applied."""
        inputs = self._inputs
        wanted, problems = want(
            address, inputs.evaluation, inputs.registry, inputs.secrets, inputs.lock
        )
        self._findings.problems.extend(problems)
        if wanted is not None:
            self._findings.wanted[address] = wanted
        return wanted

    def _targets(self, wanted: Wanted) -> Mapping[str, Record]:
        """The records of what the block refers to, where those stay as they are."""
        records = self._findings.records
        return {
            way: records[item.address]
            for way, item in wanted.checked.referred.items()
            if item.address in records and records[item.address].identity == item.identity
        }

    def _dependencies(self, address: str) -> tuple[str, ...]:
        needed = self._inputs.evaluation.dependencies[address]
        return tuple(sorted(name for name in needed if name in self._findings.operations))

    def _lacks_lock_entries(self, wanted: Wanted) -> bool:
        missing = wanted.unanswered
        block = wanted.block
        for request in missing:
            if request.required:
                self._findings.problems.append(
                    error(
                        "not_locked",
                        "Not locked yet",
                        f"{block.address} needs its {request.type} resolved, and amlplan.lock has "
                        "no entry for them as they stand. Run: amlplan init",
                        block.header,
                        context=block.context,
                        address=block.address,
                    )
                )
            else:
                provider = self._inputs.registry.provider(block.kind)
                waits = awaited(provider, request, wanted)
                self._findings.defer(block.address, block.kind, *waits)
        return bool(missing)

    def _note_offers(self, wanted: Wanted) -> None:
        provider = self._inputs.registry.provider(wanted.block.kind)
        for text in offers(provider, wanted):
            self._findings.notes.append(Note(code="offer", text=text, address=wanted.block.address))

    def _note_same_content(self, wanted: Wanted) -> None:
        """Say that content is the same although something that it is made from changes."""
        contents = wanted.derived.get("contents")
        if isinstance(contents, dict) and self._dependencies(wanted.block.address):
            text = f"unchanged (same {counted(len(contents), 'input')})"
            self._findings.notes.append(
                Note(code="same_content", text=text, address=wanted.block.address)
            )

    def _attached(
        self, wanted: Wanted, record: Record | None
    ) -> tuple[Mapping[str, JsonValue], str | None]:
        """What an object that somebody else manages is like now."""
        block = wanted.block
        observed = attached(wanted, record, self._inputs.registry.provider(block.kind))
        if isinstance(observed, Diagnostic):
            self._findings.problems.append(observed)
            return {}, None
        if isinstance(observed, Unreachable):
            self._findings.block(block.address, block.kind, observed.reason, "make it reachable")
            return {}, None
        return observed.outputs, str(observed.outputs["id"])

    def _is_triggered(self, wanted: Wanted) -> bool:
        """Whether something changes that the object is replaced with."""
        for objects, attribute in wanted.triggers:
            for name in objects:
                operation = self._findings.operations.get(name)
                if operation is None or not operation.calls_provider:
                    continue
                changed = {top_field(change.path) for change in operation.changes}
                unknown = {top_field(path) for path in operation.unknown}
                is_new = operation.action in {Action.CREATE, Action.REPLACE}
                if is_new or attribute is None or attribute in changed | unknown:
                    return True
        return False

    def _must_stay(self, operation: Operation, wanted: Wanted, record: Record | None) -> bool:
        """Block a replacement that would destroy what is protected."""
        if operation.action is not Action.REPLACE or record is None:
            return False
        protects = wanted.lifecycle.prevent_destroy
        if not (protects or (record.protected and _was_complete(record))):
            return False
        why = "prevent_destroy protects it, and the change would replace it"
        step = "set prevent_destroy = false and apply, or take the change back"
        if not protects:
            lifted = f"amlplan state unprotect {in_shell(operation.address)} -reason=TEXT"
            step = f"take the change back and apply first, or: {lifted}"
        self._findings.block(operation.address, operation.kind, why, step)
        return True

    def _hold(self, record: Record, held: Held, *, has_drifted: bool) -> None:
        """List an object that somebody keeps as it is, and how to have it so again if it is not."""
        noun = block_type_of(record.kind)
        reason = f"held at revision {held.revision} by {held.by}: {held.why}"
        address = in_shell(record.address)
        next_step = f"amlplan {noun} release {address}"
        if has_drifted:
            reason += "; it is not as it was held"
            again = f"amlplan {noun} rollback {address} -revision={held.revision}"
            next_step = f"{again} to have it so again, or {next_step}"
        self._findings.block(record.address, record.kind, reason, next_step)

    def _note_secret(self, wanted: Wanted, path: str) -> None:
        leaf = wanted.checked.secrets.get(path)
        name = path.lstrip("/").replace("/", ".")
        what = describe(leaf.reference) if leaf is not None and leaf.reference else "its secret"
        self._findings.notes.append(
            Note(
                code="secret_not_compared",
                text=f"{name} was not compared, because {what} cannot be had here.",
                address=wanted.block.address,
            )
        )


def _note(wanted: Wanted, operation: Operation) -> str | None:
    """What is said of an operation, and whom an object is for that nobody wrote a block of."""
    whom = wanted.block.derived_from
    of = None if whom is None else f"for {whom}"
    return "; ".join(filter(None, (of, operation.note))) or None


def _was_complete(record: Record) -> bool:
    """Whether an object was ever all that it was asked to be; before, there is nothing to keep."""
    is_begun = record.status is Status.INCOMPLETE and not record.outputs.values
    return record.status is not Status.TAINTED and not is_begun
