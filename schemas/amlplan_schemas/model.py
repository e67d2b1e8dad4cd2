"""Models: content in a workspace's store, registered by digest as versions 1, 2, 3."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Text,
    Trait,
)


class Model(ResourceInputs):
    """A model; the name follows Azure ML's rule for registered models."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9][a-zA-Z0-9\-\._]{0,254}$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace whose store holds it."
    )
    source: Annotated[str, Behaviour.METADATA, LocalPath, NoSecrets] = Field(
        min_length=1,
        description="The file or folder; other content in it is a new version.",
    )
    framework: Annotated[str | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None, description="What reads it, as in scikit-learn."
    )
    properties: Annotated[dict[str, Text], Behaviour.UPDATE, NoSecrets] = Field(
        default_factory=dict,
        description="Facts kept with the version; adding one updates it, changing one makes a new.",
    )
    aliases: Annotated[dict[str, Text], Behaviour.UPDATE, NoSecrets] = Field(
        default_factory=dict, description="Names for a version: latest, this, or a digest."
    )


class ModelOutputs(ResourceOutputs):
    """The version that a block claims."""

    version: Annotated[int, Trait.WATCHED] = Field(description="Its number in the workspace.")
    id: Annotated[str, Trait.WATCHED] = Field(description="As name:version.")
    digest: Annotated[str, Trait.WATCHED] = Field(description="Over the paths and bytes.")
    files: dict[str, str] = Field(description="The digest of each file by its path.")
    size: int = Field(description="Bytes in all.")
    corrupted: Annotated[tuple[str, ...], Trait.WATCHED] = Field(
        default=(), description="Files whose stored bytes no longer have their digest."
    )
