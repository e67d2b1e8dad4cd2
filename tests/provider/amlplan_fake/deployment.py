"""The kind `deployment@fake`: a deployment on a fake engine, whose log says where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from amlplan.abilities import Answer, RolledBack
from amlplan.provider import Kind, Missing, Present
from amlplan_fake.engine import engine_of
from amlplan_schemas.base import ResourceOutputs, Trait
from amlplan_schemas.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class FakeDeploymentOutputs(ResourceOutputs):
    """What a deployment tells of itself."""

    engine: Annotated[str, Trait.STABLE]
    image_digest: Annotated[str, Trait.WATCHED]


class FakeDeployment:
    """Notes what it serves on the engine of its target."""

    kind = Kind("fake", Deployment, FakeDeploymentOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        image = draft.referred.get("image")
        if image is None or "digest" not in image.values:
            return {}
        return {"image_digest": image.values["digest"]}

    def read(self, record: Record, targets: Targets) -> Observed:
        there = engine_of(targets.get("target")).object(record.identity)
        return Missing() if there is None else Present(outputs={"image_digest": there["digest"]})

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        engine = engine_of(desired.targets.get("target"))
        engine.put(desired.identity, {"digest": desired.derived["image_digest"]})
        return {**desired.derived, "engine": engine.identity}

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        engine_of(targets.get("target")).remove(prior.identity)

    def score(self, record: Record, targets: Targets, body: bytes, content_type: str) -> Answer:
        return Answer(200, {}, engine_of(targets.get("target")).host.encode())

    def logs(self, record: Record, targets: Targets, revision: str | None) -> Iterator[bytes]:
        yield engine_of(targets.get("target")).host.encode()

    def keys(self, record: Record, targets: Targets) -> Mapping[str, str]:
        return {}

    def rotate(self, record: Record, targets: Targets, key: str) -> Outputs:
        return record.outputs.values

    def roll_back(
        self,
        record: Record,
        targets: Targets,
        revision: str | None,
        secrets: Mapping[str, str],
    ) -> RolledBack:
        raise NotImplementedError
