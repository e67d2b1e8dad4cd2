"""Compute targets: where runs and deployments happen."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Stored,
    Trait,
)

NAME_PATTERN = r"^[a-zA-Z][a-zA-Z0-9_-]{0,30}[a-zA-Z0-9]$|^[a-zA-Z]$"
"""Azure ML's rule for the names of compute targets."""


class LocalCompute(ResourceInputs):
    """This host, as this user; the name follows Azure ML's rule for compute targets."""

    name_pattern: ClassVar[str] = NAME_PATTERN

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


class DockerConnection(Schema):
    """How I reach a Docker engine: personal, so neither recorded as an input nor compared."""

    host: str | None = Field(
        default=None,
        min_length=1,
        description="unix:///path, tcp://host:port or ssh://user@host; DOCKER_HOST, or the socket "
        "of this host, when left out.",
    )
    ca_file: Annotated[str | None, LocalPath] = Field(
        default=None, description="The certificate that the engine's is signed by, for tcp."
    )
    cert_file: Annotated[str | None, LocalPath] = Field(
        default=None, description="Your certificate, for tcp."
    )
    key_file: Annotated[str | None, LocalPath] = Field(
        default=None, description="Its private key, for tcp; the key to log in with, for ssh."
    )

    @model_validator(mode="after")
    def _files_of_a_pair(self) -> Self:
        if self.cert_file is not None and self.key_file is None:
            raise ValueError("cert_file needs key_file, its private key")
        return self


class DockerCompute(ResourceInputs):
    """A Docker engine; the name follows Azure ML's rule for compute targets."""

    name_pattern: ClassVar[str] = NAME_PATTERN

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    network: Annotated[str | None, Behaviour.REPLACE, NoSecrets] = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$",
        description="The network that its containers are in; one of its own, amlplan-NAME, when "
        "left out.",
    )
    front_base: Annotated[str | None, Behaviour.METADATA, NoSecrets] = Field(
        default=None,
        min_length=1,
        description="The image with a Python that fronts of deployments are made from whose own "
        "image has none that amlplan knows.",
    )
    connection: Annotated[DockerConnection, Behaviour.UNRECORDED, NoSecrets] = Field(
        default_factory=DockerConnection, description="How you reach the engine."
    )
    max_runs: Annotated[int | None, Behaviour.METADATA] = Field(
        default=None, ge=1, description="How many runs may run on it at once; others wait."
    )


class DockerFacts(Stored):
    """What an engine can offer, as it was when last looked at."""

    version: str = Field(description="Version of the engine.")
    api_version: str = Field(description="Version of its interface.")
    os: str = Field(description="Operating system.")
    architecture: str = Field(description="Architecture, as in x86_64.")
    cpus: int = Field(description="Cores that containers may use.")
    memory: int = Field(description="Bytes of main memory.")
    gpus: int = Field(description="Graphics processors that containers can be given.")
    rootless: bool = Field(description="Whether it runs without root.")
    storage_driver: str = Field(description="How it keeps images.")
    containerd_store: bool = Field(
        default=False, description="Whether images are in containerd's store."
    )
    disk_free: int | None = Field(
        default=None, description="Bytes free where it keeps images, where that can be told."
    )


class DockerComputeOutputs(ResourceOutputs):
    """What a Docker engine is once it is attached."""

    identity: Annotated[str, Trait.STABLE, Trait.WATCHED] = Field(
        description="The identity of the engine."
    )
    facts: DockerFacts = Field(description="What it offers.")
    reachable: bool = Field(description="Whether it answered.")
    network_name: Annotated[str, Trait.STABLE] = Field(
        description="The network that its containers are in."
    )
    network_id: Annotated[str, Trait.WATCHED] = Field(
        description="The engine's id of that network."
    )
