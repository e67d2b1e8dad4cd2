"""The workspace: the container and security boundary of histories, models and deployments."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from amlplan_schemas.base import (
    Behaviour,
    LocalPath,
    NoSecrets,
    OnlySecretReference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Trait,
)

PRINCIPAL_PATTERN = r"^(user|group|service):[^\s:]+$"
Principal = Annotated[str, Field(pattern=PRINCIPAL_PATTERN)]


class WorkspaceHistory(Schema):
    """Where a workspace keeps its history, snapshots and models."""

    store: Annotated[Literal["sqlite", "postgresql"], Behaviour.REPLACE] = Field(
        default="sqlite",
        description="What holds the history: an embedded SQLite file, or a PostgreSQL server.",
    )
    path: Annotated[str | None, Behaviour.REPLACE, LocalPath] = Field(
        default=None,
        description="The data folder, with sqlite; the user's data folder when left out.",
    )
    dsn: Annotated[str | None, Behaviour.UPDATE, OnlySecretReference] = Field(
        default=None,
        description="The connection string, with postgresql; only by reference to a secret.",
    )
    artifact_store: Annotated[str | None, Behaviour.REPLACE, LocalPath] = Field(
        default=None,
        description="The local datastore, or folder, where content lies; with postgresql.",
    )

    @model_validator(mode="after")
    def _fits_its_store(self) -> Self:
        if self.store == "sqlite" and (self.dsn is not None or self.artifact_store is not None):
            raise ValueError('dsn and artifact_store are for store = "postgresql"')
        if self.store == "postgresql" and self.path is not None:
            raise ValueError('path is for store = "sqlite"')
        if self.store == "postgresql" and (self.dsn is None or self.artifact_store is None):
            raise ValueError('store = "postgresql" needs dsn and artifact_store')
        return self


class Workspace(ResourceInputs):
    """A workspace, named by Azure ML's rule of 2018."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9][\w-]{2,32}$"

    attach: Annotated[bool, Behaviour.METADATA] = Field(
        default=False,
        description="Whether another state manages it, and it is only read and referred to.",
    )
    default: Annotated[bool, Behaviour.METADATA] = Field(
        default=False, description="Whether blocks that name no workspace belong to this one."
    )
    owners: Annotated[tuple[Principal, ...], Behaviour.UPDATE, NoSecrets] = Field(
        default=(), description="Who may do everything; the creator when left out."
    )
    contributors: Annotated[tuple[Principal, ...], Behaviour.UPDATE, NoSecrets] = Field(
        default=(), description="Who may run, register and apply, but not change roles."
    )
    readers: Annotated[tuple[Principal, ...], Behaviour.UPDATE, NoSecrets] = Field(
        default=(), description="Who may list, read, download, plan and look for drift."
    )
    history: Annotated[WorkspaceHistory, Behaviour.REPLACE, NoSecrets] = Field(
        default_factory=WorkspaceHistory, description="Where the workspace's data lies."
    )

    @field_validator("owners", "contributors", "readers")
    @classmethod
    def _sorted(cls, principals: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(principals)))

    @field_validator("readers")
    @classmethod
    def _one_role_each(cls, readers: tuple[str, ...], info: object) -> tuple[str, ...]:
        data: dict[str, tuple[str, ...]] = getattr(info, "data", {})
        seen: set[str] = set()
        for role in (data.get("owners", ()), data.get("contributors", ()), readers):
            for principal in role:
                if principal in seen:
                    raise ValueError(f"{principal} has two roles; a principal has one")
                seen.add(principal)
        return readers


class WorkspaceOutputs(ResourceOutputs):
    """What a workspace is once it exists."""

    id: Annotated[str, Trait.STABLE, Trait.WATCHED] = Field(description="Its identity, a UUID.")
    path: Annotated[str, Trait.STABLE] = Field(description="Its data folder on this host.")
    host: Annotated[str, Trait.STABLE] = Field(description="The identity of host and user.")
    creator: Annotated[str, Trait.STABLE] = Field(
        description="Who made it; the owner where none is named."
    )
