"""Datastores: named places where data lies. The bytes in them are never amlplan's to delete."""

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
    Trait,
)


class LocalDatastore(ResourceInputs):
    """A folder of this host; the name follows Azure ML's rule for datastores."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9_]{1,255}$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    path: Annotated[str, Behaviour.REPLACE, LocalPath, NoSecrets] = Field(
        min_length=1, description="The folder."
    )
    create_if_missing: Annotated[bool, Behaviour.UPDATE] = Field(
        default=False, description="Whether apply makes the folder."
    )
    default: Annotated[bool, Behaviour.UPDATE] = Field(
        default=False, description="Whether the workspace uses it where no datastore is named."
    )


class LocalDatastoreOutputs(ResourceOutputs):
    """What a local datastore is once it is registered."""

    uri: Annotated[str, Trait.STABLE] = Field(description="The folder as a file URI.")
    exists: Annotated[bool, Trait.WATCHED] = Field(description="Whether the folder is there.")
    host: Annotated[str, Trait.STABLE] = Field(description="The identity of host and user.")
