"""The kind `compute.fake`: a target that is reached by a personal connection."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Annotated, Final

from amlplan.provider import Imported, Kind, Missing, Present, Unreachable
from amlplan_fake.engine import FakeEngine, engine_of, note
from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    OnlySecretReference,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Trait,
)
from amlplan_schemas.state import Record, Tree

if TYPE_CHECKING:
    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )


DIES: Final = "AMLPLAN_FAKE_DIES"
"""The environment variable with the address at which the process is killed."""


class FakeConnection(Schema):
    """How an engine is reached."""

    host: str = "engine"
    password: Annotated[str | None, OnlySecretReference] = None


class FakeComputeInputs(ResourceInputs):
    """What a test asks of a target."""

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")]
    connection: Annotated[FakeConnection, Behaviour.UNRECORDED] = FakeConnection()
    network: Annotated[str | None, Behaviour.REPLACE] = None
    size: Annotated[int, Behaviour.UPDATE] = 1


class FakeComputeOutputs(ResourceOutputs):
    """What a target tells of itself."""

    identity: Annotated[str, Trait.STABLE, Trait.WATCHED]


class FakeCompute:
    """Attaches engines, which tests make."""

    kind = Kind("fake", FakeComputeInputs, FakeComputeOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def read(self, record: Record, targets: Targets) -> Observed:
        engine = engine_of(record)
        expected = record.outputs.values.get("identity", engine.identity)
        if engine.identity != expected:
            why = f"recorded on {expected}, and {engine.host} is {engine.identity}"
            return Unreachable(why, is_another=True)
        return Present(outputs={"identity": expected})

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        identity = FakeEngine(draft.values["connection"]["host"]).identity
        return Imported({}, {"identity": identity}) if identity == object_id else Missing()

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        outputs = Tree(values={"identity": engine_of(record).identity})
        return record.model_copy(update={"outputs": outputs})

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        engine = FakeEngine(desired.inputs.connection.host)
        if os.environ.get(DIES) == desired.address:
            os.kill(os.getpid(), signal.SIGKILL)
        note(f"attach {desired.address} to {engine.identity}{self._password(desired)}")
        return {"identity": engine.identity}

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        note(f"detach {prior.address} from {engine_of(prior).identity}")

    def _password(self, desired: Desired) -> str:
        reference = desired.references.get("/connection/password")
        if reference is None:
            return ""
        given = desired.inputs.connection.password
        assert self._context.find_secret(reference) == given
        return f" with {given}"
