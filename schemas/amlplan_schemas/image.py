"""Images: models, a scoring script and an environment, as one thing with one digest."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    ChoosesKind,
    LocalPath,
    NoSecrets,
    OnlySecretReference,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Trait,
)

REFERENCE_PATTERN = r"^\S+@sha256:[0-9a-f]{64}$"
"""An image by its digest: what it is never changes."""
PLATFORM = "linux/amd64"
"""What an image runs on that does not say."""
_CONTENT = ("models", "source_dir", "dependencies", "schema_files", "entry_script", "environment")


class ImageRoutes(Schema):
    """Where a server of another make answers inside its container."""

    port: int = Field(default=5001, ge=1, le=65535, description="The port that it listens on.")
    scoring: str = Field(default="/score", pattern=r"^/", description="Where requests go.")
    readiness: str = Field(
        default="/", pattern=r"^/", description="Answers 200 when requests may come."
    )
    liveness: str = Field(default="/", pattern=r"^/", description="Answers 200 while it works.")
    swagger: str | None = Field(
        default=None, pattern=r"^/", description="Where its document is; none when left out."
    )


class ImageCredentials(Schema):
    """Who I am to a registry; without it the docker credential store is asked."""

    username: str = Field(min_length=1, description="Your name there.")
    password: Annotated[str | None, OnlySecretReference] = Field(
        default=None, description="The password or token; only by reference to a secret."
    )


class Image(ResourceInputs):
    """An image, named by Azure ML's rule; without a builder a bundle folder on this host."""

    name_pattern: ClassVar[str] = r"^(?=.{3,32}$)[a-z0-9]([-\.a-z0-9]*[a-z0-9])?$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    builder: Annotated[
        Reference | None, Behaviour.REPLACE, BlockReference("compute"), ChoosesKind
    ] = Field(
        default=None,
        description="The target that it is made on, whose kind says what it is; a bundle for "
        "local deployments when left out.",
    )
    reference: Annotated[str | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None,
        pattern=REFERENCE_PATTERN,
        description="An image built elsewhere, as in registry/name@sha256:…; in place of models, "
        "entry_script and environment.",
    )
    models: Annotated[
        tuple[Reference, ...], Behaviour.UPDATE, BlockReference("model", many=True)
    ] = Field(default=(), description="The models that the script finds in AZUREML_MODEL_DIR.")
    entry_script: Annotated[str | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None,
        min_length=1,
        description="The script with init() and run(data), relative to source_dir; required "
        "without reference.",
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
    environment: Annotated[Reference | None, Behaviour.UPDATE, BlockReference("environment")] = (
        Field(
            default=None,
            description="The environment that the script runs in; required without reference.",
        )
    )
    registry: Annotated[str | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None,
        pattern=r"^[^\s@]+$",
        description="The registry and repository that it is pushed to, as in "
        "registry.local:5000/fraud; it stays on the builder when left out.",
    )
    credentials: Annotated[ImageCredentials | None, Behaviour.UNRECORDED] = Field(
        default=None, description="Who you are to the registry, of registry or of reference."
    )
    platform: Annotated[
        Literal["linux/amd64", "linux/arm64"] | None, Behaviour.UPDATE, NoSecrets
    ] = Field(
        default=None,
        description="What it runs on, where a target makes it; linux/amd64 when left out.",
    )
    server: Annotated[Literal["amlplan", "azmlinfsrv", "none"], Behaviour.UPDATE, NoSecrets] = (
        Field(
            default="amlplan",
            description="What answers requests: amlplan's server, Azure ML's, which the "
            "environment brings, or none: the script, or what the reference starts, is one.",
        )
    )
    routes: Annotated[ImageRoutes | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None, description="Where another server than amlplan's answers."
    )
    enable_gpu: Annotated[bool, Behaviour.UPDATE] = Field(
        default=False, description="Whether it is made for graphics processors."
    )

    @model_validator(mode="after")
    def _has_content_or_is_elsewhere(self) -> Self:
        if self.reference is None:
            missing = [
                name for name in ("entry_script", "environment") if getattr(self, name) is None
            ]
            if missing:
                raise ValueError(f"{' and '.join(missing)} is needed, or reference in their place")
            if self.credentials is not None and self.registry is None:
                raise ValueError("credentials are for registry or reference; name one of them")
            return self
        given = [name for name in _CONTENT if getattr(self, name)]
        if given:
            raise ValueError(f"reference stands in place of {', '.join(given)}; leave one out")
        if self.registry is not None:
            raise ValueError("an image by reference is in its registry already; leave registry out")
        return self

    @model_validator(mode="after")
    def _routes_of_another_server(self) -> Self:
        if self.routes is not None and self.server == "amlplan":
            raise ValueError('routes are for server = "azmlinfsrv" or "none"')
        return self


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


class DockerImageOutputs(ResourceOutputs):
    """What an image of a Docker engine is once it is there."""

    digest: Annotated[str, Trait.WATCHED] = Field(
        description="Over everything that is in it; that of the registry for a reference."
    )
    contents: dict[str, str] = Field(description="The digest of each input by what it is.")
    variables: dict[str, str] = Field(description="The environment's variables.")
    image_id: Annotated[str, Trait.WATCHED] = Field(description="The engine's id of the image.")
    tag: Annotated[str, Trait.WATCHED] = Field(description="What it is called on the engine.")
    repo_digest: Annotated[str | None, Trait.WATCHED] = Field(
        default=None, description="repository@digest in the registry, where it was pushed or is."
    )
    engine: Annotated[str, Trait.STABLE] = Field(
        description="The identity of the engine that it is on."
    )
    base: str | None = Field(
        default=None, description="The digest of the image that it starts from."
    )
    model_versions: tuple[ImageModel, ...] = Field(default=(), description="The models inside.")
    size: int = Field(description="Bytes of all of its layers.")
