"""Compute targets: where runs and deployments happen."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Stored,
    Trait,
)


class LocalCompute(ResourceInputs):
    """This host, as this user; the name follows Azure ML's rule for compute targets."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z][a-zA-Z0-9_-]{0,30}[a-zA-Z0-9]$|^[a-zA-Z]$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    max_runs: Annotated[int | None, Behaviour.METADATA] = Field(
        default=None, ge=1, description="How many runs may run on it at once; others wait."
    )


class ComputeFacts(Stored):
    """What a target can offer, as it was when last looked at."""

    os: str = Field(description="Operating system and release.")
    cpus: int = Field(description="Cores that processes may use.")
    memory: int = Field(description="Bytes of main memory.")
    gpus: int = Field(description="Graphics processors that its driver lists.")
    python: str = Field(description="Version of the interpreter that amlplan runs under.")
    disk_free: int = Field(description="Bytes free where workspaces keep their data.")


class LocalComputeOutputs(ResourceOutputs):
    """What a local compute target is once it is attached."""

    identity: Annotated[str, Trait.STABLE, Trait.WATCHED] = Field(
        description="The identity of host and user."
    )
    facts: ComputeFacts = Field(description="What it offers.")
    reachable: bool = Field(description="Whether it answered.")
