"""The kind `bench.thing`: an object of the test's world that does as it is told."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from amlplan.errors import ProviderError, UnreachableError
from amlplan.provider import Imported, Kind, Listed, Missing, Present, Unreachable
from amlplan_bench.world import World
from amlplan_schemas.base import Behaviour, ResourceInputs, ResourceOutputs, Trait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_schemas.state import Record

SILENCE = "the world does not answer"


class ThingInputs(ResourceInputs):
    """What a test asks of a thing."""

    value: Annotated[str, Behaviour.UPDATE] = ""
    shape: Annotated[str, Behaviour.REPLACE] = "round"
    needs: Annotated[tuple[str, ...], Behaviour.UPDATE] = ()
    steps: Annotated[int, Behaviour.UPDATE] = 0
    seconds: Annotated[float, Behaviour.METADATA] = 0.0
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
        _expect_answer(world, record.identity)
        item = world.get(record.identity)
        if item is None:
            return Missing()
        return Present(inputs={"value": item["value"]}, outputs={"weight": item["weight"]})

    def find(self, draft: Record, targets: Targets) -> Observed:
        world = World.of_environment()
        if world is None:
            return Missing()
        if not world.reaches(draft.identity):
            return Unreachable(SILENCE)
        item = world.get(draft.identity)
        if item is None or not item["complete"]:
            return Missing()
        return Present(outputs=_outputs(draft.identity, item, world))

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        world = World.of_environment()
        if world is None:
            return Missing()
        for item in world.alive():
            if item["name"] == object_id:
                _expect_answer(world, item["identity"])
                seen = {"value": item["value"]}
                return Imported(seen, _outputs(item["identity"], item, world), item["identity"])
        return Missing()

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        world = World.of_environment()
        if world is not None:
            for item in world.alive():
                yield Listed(item["name"], item["identity"])

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        with _logged("create", desired.identity):
            return self._make(desired, operation, creating=True)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        with _logged("update", desired.identity):
            return self._make(desired, operation, creating=False)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        with _logged("delete", prior.identity):
            _obey(prior.inputs.values.get("fail", ""), "delete")
            world = World.of_environment()
            if world is not None:
                _expect_answer(world, prior.identity)
                if world.refuses(prior.identity):
                    raise ProviderError("Told to fail", "The world refuses to delete this.")
                world.remove(prior.identity)

    def _make(self, desired: Desired, operation: OperationHandle, *, creating: bool) -> Outputs:
        inputs: ThingInputs = desired.inputs
        world = World.of_environment()
        name = ""
        if world is not None:
            _expect_answer(world, desired.identity)
            name = world.name_for(desired.identity, creating=creating)
        _obey(inputs.fail, "before")
        item: dict[str, Any] = {"value": inputs.value, "weight": 1, "complete": False}
        for number in range(inputs.steps):
            if f"step{number}" not in operation.steps:
                if world is not None:
                    world.put(desired.identity, item, name)
                    world.note(f"step{number} {desired.identity}")
                operation.step(f"step{number}", {"number": number})
                _obey(inputs.fail, f"step{number}")
        if "child" in inputs.options:
            from amlplan.children import run_child

            run_child(["sh", "-c", inputs.options["child"]])
        _wait(inputs.seconds, operation, deaf="deaf" in inputs.options)
        item["complete"] = True
        if world is not None:
            world.put(desired.identity, item, name)
        _obey(inputs.fail, "after")
        if inputs.fail == "broken":
            return {"id": ["no text"], "weight": "heavy"}
        return _outputs(desired.identity, {**item, "name": name}, world)


def _logged(call: str, identity: str) -> AbstractContextManager[None]:
    world = World.of_environment()
    return world.called(call, identity) if world is not None else nullcontext()


def _expect_answer(world: World, identity: str) -> None:
    if not world.reaches(identity):
        raise UnreachableError("Unreachable", SILENCE)


def _outputs(identity: str, item: Mapping[str, Any], world: World | None) -> dict[str, Any]:
    naive = world is not None and world.naive
    return {
        "id": item["name"] if naive else identity.partition("/")[2],
        "echo": item["value"],
        "weight": item["weight"],
    }


def _obey(order: str, moment: str) -> None:
    if order == moment:
        raise ProviderError("Told to fail", f"The test asked for a failure ({moment}).")
    if order == f"crash {moment}":
        raise RuntimeError("a defect that the test asked for")


def _wait(seconds: float, operation: OperationHandle, *, deaf: bool) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not deaf:
            operation.check_cancelled()
        time.sleep(0.01)
