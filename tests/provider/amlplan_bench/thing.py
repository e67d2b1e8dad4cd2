"""The kind `bench.thing`: an object of the test's world that does as it is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from amlplan.errors import ProviderError, UnreachableError
from amlplan.provider import Kind, Missing, Present, Unreachable
from amlplan_bench.world import World
from amlplan_schemas.base import Behaviour, ResourceInputs, ResourceOutputs, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import (
        Desired,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_schemas.state import Record


class ThingInputs(ResourceInputs):
    """What a test asks of a thing."""

    value: Annotated[str, Behaviour.UPDATE] = ""
    shape: Annotated[str, Behaviour.REPLACE] = "round"
    needs: Annotated[tuple[str, ...], Behaviour.UPDATE] = ()
    steps: Annotated[int, Behaviour.UPDATE] = 0
    seconds: Annotated[float, Behaviour.UPDATE] = 0.0
    fail: Annotated[str, Behaviour.METADATA] = ""
    options: Annotated[dict[str, str], Behaviour.UPDATE] = Field(default_factory=dict)


class ThingOutputs(ResourceOutputs):
    """What a thing tells of itself."""

    id: Annotated[str, Trait.STABLE]
    echo: str = ""
    weight: Annotated[int, Trait.WATCHED] = 1


class BenchThing:
    """Manages things; without a world they are free and always there."""

    kind = Kind("bench", ThingInputs, ThingOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def read(self, record: Record, targets: Targets) -> Observed:
        world = World.of_environment()
        if world is None:
            return Present()
        if not world.is_reachable:
            raise UnreachableError("Unreachable", "the world does not answer")
        item = world.get(record.identity)
        if item is None:
            return Missing()
        return Present(inputs={"value": item["value"]}, outputs={"weight": item["weight"]})

    def find(self, draft: Record, targets: Targets) -> Observed:
        world = World.of_environment()
        if world is None:
            return Missing()
        if not world.is_reachable:
            return Unreachable("the world does not answer")
        item = world.get(draft.identity)
        if item is None or not item["complete"]:
            return Missing()
        return Present(outputs=_outputs(draft.identity, item))

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        return self._make(desired, operation)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        return self._make(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        _obey(prior.inputs.values.get("fail", ""), "delete")
        world = World.of_environment()
        if world is not None:
            if not world.is_reachable:
                raise UnreachableError("Unreachable", "the world does not answer")
            world.remove(prior.identity)

    def _make(self, desired: Desired, operation: OperationHandle) -> Outputs:
        inputs: ThingInputs = desired.inputs
        world = World.of_environment()
        if world is not None and not world.is_reachable:
            raise UnreachableError("Unreachable", "the world does not answer")
        _obey(inputs.fail, "before")
        item: dict[str, Any] = {"value": inputs.value, "weight": 1, "complete": False}
        for number in range(inputs.steps):
            if f"step{number}" not in operation.steps:
                if world is not None:
                    world.put(desired.identity, item)
                operation.step(f"step{number}", {"number": number})
        _wait(inputs.seconds, operation)
        item["complete"] = True
        if world is not None:
            world.put(desired.identity, item)
        _obey(inputs.fail, "after")
        return _outputs(desired.identity, item)


def _outputs(identity: str, item: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": identity.partition("/")[2], "echo": item["value"], "weight": item["weight"]}


def _obey(order: str, moment: str) -> None:
    if order == moment:
        raise ProviderError("Told to fail", f"The test asked for a failure ({moment}).")
    if order == f"crash {moment}":
        raise RuntimeError("a defect that the test asked for")


def _wait(seconds: float, operation: OperationHandle) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        operation.check_cancelled()
        time.sleep(0.01)
