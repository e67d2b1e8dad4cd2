"""Models: content in a workspace's store, registered by digest as versions 1, 2, 3."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from amlplan_schemas.base import (
    HISTORY_PATTERN,
    Behaviour,
    BlockReference,
    JsonValue,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Text,
    Trait,
)


class ModelRequirement(Schema):
    """A metric that a run must reach to be chosen."""

    metric: str = Field(min_length=1, description="The metric's name.")
    at_least: float = Field(description="The value it must reach.")


class ModelRun(Schema):
    """A completed run whose output is the model; kept in amlplan.lock once it is chosen."""

    path: str = Field(min_length=1, description="The output, as in outputs/model.pkl.")
    id: str | None = Field(default=None, min_length=1, description="The run itself, by its id.")
    history: str | None = Field(
        default=None, pattern=HISTORY_PATTERN, description="The history it is chosen from."
    )
    select: Literal["best", "last"] = Field(default="last", description="Which run is chosen.")
    metric: str | None = Field(
        default=None, min_length=1, description="What is best is told by this metric."
    )
    goal: Literal["minimize", "maximize"] = Field(
        default="minimize", description="Which way the metric is better."
    )
    aggregate: Literal["last", "min", "max"] = Field(
        default="last", description="Which point of a series counts."
    )
    where: dict[str, Text] = Field(default_factory=dict, description="Tags that a run must carry.")
    require: ModelRequirement | None = Field(
        default=None, description="A metric that a run must reach."
    )
    follow: bool = Field(
        default=False, description="Whether every plan chooses again, without amlplan.lock."
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if (self.id is None) == (self.history is None):
            raise ValueError("exactly one of id and history is needed")
        if self.select == "best" and self.metric is None:
            raise ValueError('select = "best" needs metric: what is best is told by it')
        return self


class RegisteredModel(Schema):
    """A version in another workspace, copied by its digest and with its lineage."""

    workspace: Annotated[Reference, BlockReference("workspace")] = Field(
        description="The workspace, as a rule an attached one."
    )
    name: str = Field(min_length=1, description="The model's name there.")
    version: int | None = Field(default=None, ge=1, description="The version, by its number.")
    alias: str | None = Field(default=None, min_length=1, description="The version, by an alias.")

    @model_validator(mode="after")
    def _one_version(self) -> Self:
        if self.version is not None and self.alias is not None:
            raise ValueError("at most one of version and alias may be given")
        return self


class Model(ResourceInputs):
    """A model; the name follows Azure ML's rule for registered models."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9][a-zA-Z0-9\-\._]{0,254}$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace whose store holds it."
    )
    source: Annotated[str | None, Behaviour.METADATA, LocalPath, NoSecrets] = Field(
        default=None,
        min_length=1,
        description="The file or folder; other content in it is a new version.",
    )
    run: Annotated[ModelRun | None, Behaviour.METADATA, NoSecrets] = Field(
        default=None, description="The run that made it, instead of a source."
    )
    registered: Annotated[RegisteredModel | None, Behaviour.METADATA, NoSecrets] = Field(
        default=None, description="A version in another workspace, instead of a source."
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

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = {"source": self.source, "run": self.run, "registered": self.registered}
        given = [name for name, value in origins.items() if value is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise ValueError(f"exactly one of source, run, registered is needed; found {found}")
        return self


class ModelOutputs(ResourceOutputs):
    """The version that a block claims."""

    version: Annotated[int, Trait.WATCHED] = Field(description="Its number in the workspace.")
    id: Annotated[str, Trait.WATCHED] = Field(description="As name:version.")
    digest: Annotated[str, Trait.WATCHED] = Field(description="Over the paths and bytes.")
    files: dict[str, str] = Field(description="The digest of each file by its path.")
    size: int = Field(description="Bytes in all.")
    lineage: dict[str, JsonValue] = Field(
        default_factory=dict, description="The run or the version that it came from."
    )
    corrupted: Annotated[tuple[str, ...], Trait.WATCHED] = Field(
        default=(), description="Files whose stored bytes no longer have their digest."
    )
