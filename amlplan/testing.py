"""What every provider must keep, as tests to inherit; needs no test framework.

Inherit `ProviderContract`, give it a provider and something to make, and run it with pytest or
unittest. A promise that a kind cannot give is declared by an attribute, not skipped by hand.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from amlplan.errors import CanceledError
from amlplan.provider import Desired, Finds, Lists, Missing, Present, Unreachable
from amlplan_schemas.base import Trait, marked_fields
from amlplan_schemas.state import Record, Target, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Observed, Outputs, Provider
    from amlplan_schemas.base import JsonValue

CANARY = "canary-7f3a91"
"""A secret that may appear nowhere; put it where the kind takes one."""


class StoppedError(BaseException):
    """Stands for a kill at a step: nothing after it runs. No provider may catch it."""


@dataclass(slots=True)
class StandInOperation:
    """An operation handle that keeps what it is told, cancels when asked, stops at a step."""

    steps: dict[str, JsonValue] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    cancelled: bool = False
    stop_at: str | None = None

    def step(self, name: str, data: JsonValue = None) -> None:
        """Keep the step; raise StoppedError where it is the one to stop at."""
        self.steps[name] = data
        if name == self.stop_at:
            raise StoppedError(name)

    def progress(self, text: str) -> None:
        """Keep the text."""
        self.texts.append(text)

    def check_cancelled(self) -> None:
        """Raise CanceledError once `cancelled` is set."""
        if self.cancelled:
            raise CanceledError("Canceled", "The test asked for it.")


def record_of(desired: Desired, outputs: Outputs, provider: Provider) -> Record:
    """The record that apply would write for a resource once it was made."""
    return Record(
        address=desired.address,
        kind=desired.kind,
        name=desired.name,
        generation=1,
        identity=desired.identity,
        provider=provider.kind.provider,
        inputs=Tree(values=desired.inputs.model_dump(mode="json")),
        derived=dict(desired.derived),
        outputs=Tree(values=dict(outputs)),
        targets={
            name: Target(address=target.address, kind=target.kind, identity=target.identity)
            for name, target in desired.targets.items()
        },
    )


class ProviderContract:
    """Override `provider`, `desired` and `changed`, and what else the kind can do."""

    leaves_something: bool = True
    """Whether the object can be found, and can be gone, outside of the state."""

    def provider(self) -> Provider:
        """The provider; the same or another one at each call."""
        raise NotImplementedError

    def desired(self, identity: str) -> Desired:
        """Something to create, with `CANARY` where the kind takes a secret."""
        raise NotImplementedError

    def changed(self, desired: Desired) -> Desired:
        """The same resource as `desired`, with something that updates in place."""
        raise NotImplementedError

    def remove_outside(self, record: Record) -> None:
        """Take the object away behind amlplan's back; for kinds that leave something."""
        raise NotImplementedError

    def elsewhere(self) -> AbstractContextManager[None] | None:
        """A context in which the provider runs on another host; None where hosts do not matter."""
        return None

    def compared(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs that two observations must agree on: stable and watched ones."""
        model = self.provider().kind.outputs
        fields = marked_fields(model, Trait.STABLE) | marked_fields(model, Trait.WATCHED)
        return {name: _plain(value) for name, value in outputs.items() if name in fields}

    def _create(self, desired: Desired) -> Record:
        provider = self.provider()
        outputs = provider.create(desired, StandInOperation())
        return record_of(desired, outputs, provider)

    def _read(self, record: Record, desired: Desired) -> Observed:
        return self.provider().read(record, desired.targets)

    def _expect_in_step(self, record: Record, observed: Observed) -> None:
        _expect(isinstance(observed, Present), f"expected Present, got {observed}")
        assert isinstance(observed, Present)  # noqa: S101 - for the type checker
        for name, value in observed.inputs.items():
            recorded = record.inputs.values.get(name)
            _expect(_plain(value) == recorded, f"{name} reads {value}, recorded {recorded}")
        seen = self.compared(observed.outputs)
        recorded_outputs = self.compared(record.outputs.values)
        for name, value in seen.items():
            told = recorded_outputs.get(name)
            _expect(value == told, f"{name} reads {value}, create told {told}")

    def test_what_was_created_reads_as_recorded(self) -> None:
        """Otherwise the next plan has an operation."""
        desired = self.desired("contract:1")
        record = self._create(desired)
        self._expect_in_step(record, self._read(record, desired))

    def test_outputs_fit_their_model(self) -> None:
        """A plan promises the fields of the model; all of them are there after create."""
        desired = self.desired("contract:1")
        outputs = self.provider().create(desired, StandInOperation())
        model = self.provider().kind.outputs
        model.model_validate(outputs)
        _expect(
            set(outputs) == set(model.model_fields),
            f"create gave {sorted(outputs)}, the model has {sorted(model.model_fields)}",
        )

    def test_derived_facts_are_the_outputs_of_their_name(self) -> None:
        """A plan publishes them before apply, so apply must not give others."""
        desired = self.desired("contract:1")
        outputs = self.provider().create(desired, StandInOperation())
        for name, fact in desired.derived.items():
            if name in outputs:
                _expect(outputs[name] == fact, f"{name} was planned as {fact}: {outputs[name]}")

    def test_a_second_create_adopts(self) -> None:
        """A create whose answer was lost is repeated; nothing may be made twice."""
        desired = self.desired("contract:1")
        first = self.provider().create(desired, StandInOperation())
        second = self.provider().create(desired, StandInOperation())
        told, again = self.compared(first), self.compared(second)
        _expect(told == again, f"the second create gave {again}, the first {told}")

    def test_an_update_reads_as_recorded(self) -> None:
        """Also when it is repeated after its answer was lost."""
        desired = self.desired("contract:1")
        prior = self._create(desired)
        wanted = self.changed(desired)
        for _ in range(2):
            outputs = self.provider().update(wanted, prior, StandInOperation())
            record = record_of(wanted, outputs, self.provider())
            self._expect_in_step(record, self._read(record, wanted))

    def test_delete_may_be_repeated(self) -> None:
        """What is gone already is no failure."""
        desired = self.desired("contract:1")
        record = self._create(desired)
        for _ in range(2):
            self.provider().delete(record, desired.targets, StandInOperation())

    def test_what_is_gone_reads_as_missing(self) -> None:
        """And deleting it is no failure."""
        if not self.leaves_something:
            return
        desired = self.desired("contract:1")
        record = self._create(desired)
        self.remove_outside(record)
        observed = self._read(record, desired)
        _expect(isinstance(observed, Missing), f"expected Missing, got {observed}")
        self.provider().delete(record, desired.targets, StandInOperation())

    def test_what_was_created_is_found(self) -> None:
        """By its identity, with every output, as recovery needs it."""
        provider = self.provider()
        if not self.leaves_something or not isinstance(provider, Finds):
            return
        desired = self.desired("contract:1")
        record = self._create(desired)
        draft = record.model_copy(update={"outputs": Tree()})
        found = provider.find(draft, desired.targets)
        self._expect_in_step(record, found)
        assert isinstance(found, Present)  # noqa: S101 - for the type checker
        provider.kind.outputs.model_validate(found.outputs)

    def test_what_was_created_is_listed_until_it_is_deleted(self) -> None:
        """With its identity, so that what no record has is known to be of a state."""
        provider = self.provider()
        if not isinstance(provider, Lists):
            return
        desired = self.desired("contract:1")
        record = self._create(desired)
        records = [*desired.targets.values(), record]
        listed = [item.identity for item in provider.list_objects(records)]
        _expect(desired.identity in listed, f"{desired.identity} is not among {listed}")
        provider.delete(record, desired.targets, StandInOperation())
        listed = [item.identity for item in provider.list_objects(records)]
        _expect(desired.identity not in listed, f"{desired.identity} is still among {listed}")

    def test_what_was_never_created_is_not_found(self) -> None:
        """A wrong Present would lose the create that never happened."""
        provider = self.provider()
        if not isinstance(provider, Finds):
            return
        desired = self.desired("contract:never")
        found = provider.find(record_of(desired, {}, provider), desired.targets)
        _expect(isinstance(found, Missing), f"expected Missing, got {found}")

    def test_another_host_knows_nothing(self) -> None:
        """What cannot be reached is not missing."""
        away = self.elsewhere()
        desired = self.desired("contract:1")
        record = self._create(desired)
        with away or nullcontext():
            observed = self._read(record, desired)
        if away is not None:
            _expect(isinstance(observed, Unreachable), f"expected Unreachable, got {observed}")

    def test_a_record_that_was_only_begun_is_not_missing(self) -> None:
        """Missing would make the next apply forget its identity and make it twice."""
        desired = self.desired("contract:1")
        begun = record_of(desired, {}, self.provider())
        observed = self._read(begun, desired)
        _expect(not isinstance(observed, Missing), "a begun record must not read as Missing")

    def test_no_secret_is_told(self) -> None:
        """Outputs, steps and progress are written down or shown."""
        desired = self.desired("contract:1")
        operation = StandInOperation()
        outputs = self.provider().create(desired, operation)
        told = f"{outputs} {operation.steps} {operation.texts}"
        _expect(CANARY not in told, "the secret stands in what create told")


def with_inputs(desired: Desired, **changes: Any) -> Desired:
    """The same resource with other inputs."""
    return replace(desired, inputs=desired.inputs.model_copy(update=changes))


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise AssertionError(otherwise)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
