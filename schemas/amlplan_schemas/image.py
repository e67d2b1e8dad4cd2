"""Images: models, a scoring script and an environment, as one thing with one digest."""

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


class Image(ResourceInputs):
    """An image, named by Azure ML's rule; on this host a bundle folder for local deployments."""

    name_pattern: ClassVar[str] = r"^(?=.{3,32}$)[a-z0-9]([-\.a-z0-9]*[a-z0-9])?$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    models: Annotated[
        tuple[Reference, ...], Behaviour.UPDATE, BlockReference("model", many=True)
    ] = Field(default=(), description="The models that the script finds in AZUREML_MODEL_DIR.")
    entry_script: Annotated[str, Behaviour.UPDATE, NoSecrets] = Field(
        min_length=1,
        description="The script with init() and run(data), relative to source_dir.",
    )
    source_dir: Annotated[str | None, Behaviour.UPDATE, LocalPath, NoSecrets] = Field(
        default=None,
        description="The folder that goes in; the script alone when left out.",
    )
    dependencies: Annotated[tuple[str, ...], Behaviour.UPDATE, LocalPath, NoSecrets] = Field(
        default=(), description="Further files and folders, put beside the script."
    )
    schema_files: Annotated[tuple[str, ...], Behaviour.UPDATE, LocalPath, NoSecrets] = Field(
        default=(), description="Files that describe requests and answers."
    )
    environment: Annotated[Reference, Behaviour.UPDATE, BlockReference("environment")] = Field(
        description="The environment that the script runs in."
    )


class ImageModel(ResourceOutputs):
    """A model inside an image."""

    name: str
    version: int
    digest: str


class ImageOutputs(ResourceOutputs):
    """What an image is once it is built."""

    digest: Annotated[str, Trait.WATCHED] = Field(description="Over everything that is in it.")
    contents: dict[str, str] = Field(description="The digest of each input by what it is.")
    variables: dict[str, str] = Field(description="The environment's variables.")
    path: Annotated[str, Trait.WATCHED] = Field(description="The bundle's folder.")
    model_versions: tuple[ImageModel, ...] = Field(description="The models inside.")
    corrupted: Annotated[tuple[str, ...], Trait.WATCHED] = Field(
        default=(), description="Files of the bundle that are missing or changed."
    )
