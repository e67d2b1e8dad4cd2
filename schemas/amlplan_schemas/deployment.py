"""Deployments: an image that answers requests on a target."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    ChoosesKind,
    Duration,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Size,
    Stored,
    Text,
    Trait,
)

RESTART = "unless-stopped"
"""When a container that ended is started again, of a deployment that does not say."""
DERIVES_IMAGE = ("model", "entry_script", "source_dir", "environment")
"""The fields that stand in place of an image."""


class DeploymentAuth(Schema):
    """Who may ask."""

    mode: Literal["key", "none"] = Field(
        default="key", description="Whether a request needs one of two keys."
    )


class DeploymentSmoke(Schema):
    """A request that a new revision must answer before it serves."""

    request: Annotated[str, LocalPath] = Field(min_length=1, description="A file with its body.")
    expect_status: int = Field(default=200, ge=100, le=599, description="The status it must give.")


class DeploymentRollout(Schema):
    """How a new revision takes over."""

    strategy: Literal["rolling", "recreate"] = Field(
        default="rolling", description="Beside the old one, or after it has ended."
    )
    keep: int = Field(default=3, ge=1, description="How many revisions are kept for a rollback.")


class DeploymentProbes(Schema):
    """How long things may take."""

    startup_timeout: Duration = Field(default="300s", description="How long init() may take.")
    period: Duration = Field(default="10s", description="How often its health is asked for.")
    timeout: Duration = Field(default="5s", description="How long an answer to that may take.")
    failure_threshold: int = Field(
        default=3, ge=1, description="After how many failures in a row it is unhealthy."
    )


class DeploymentTls(Schema):
    """The certificate that it shows."""

    cert_file: Annotated[str, LocalPath] = Field(
        min_length=1, description="The certificate, with those that it is signed by."
    )
    key_file: Annotated[str, LocalPath] = Field(
        min_length=1, description="Its private key; read at apply, kept with the deployment."
    )


class Deployment(ResourceInputs):
    """A deployment, named by Azure ML's rule."""

    name_pattern: ClassVar[str] = r"^(?=.{3,32}$)[a-z]([-a-z0-9]*[a-z0-9])?$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    image: Annotated[Reference | None, Behaviour.UPDATE, BlockReference("image")] = Field(
        default=None,
        description="The image that it serves; this, or entry_script and environment.",
    )
    model: Annotated[Reference | None, Behaviour.UPDATE, BlockReference("model")] = Field(
        default=None, description="In place of an image: the model of one that is derived."
    )
    entry_script: Annotated[str | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None, min_length=1, description="In place of an image: its script."
    )
    source_dir: Annotated[str | None, Behaviour.UPDATE, LocalPath, NoSecrets] = Field(
        default=None, description="In place of an image: the folder that the script is in."
    )
    environment: Annotated[Reference | None, Behaviour.UPDATE, BlockReference("environment")] = (
        Field(default=None, description="In place of an image: its environment.")
    )
    target: Annotated[Reference, Behaviour.REPLACE, BlockReference("compute"), ChoosesKind] = Field(
        description="Where it runs; its kind says how."
    )
    replicas: Annotated[int, Behaviour.UPDATE] = Field(
        default=1, ge=1, le=64, description="How many workers answer; no new revision."
    )
    cpu: Annotated[float | None, Behaviour.UPDATE] = Field(
        default=None, gt=0, description="Cores of each replica, as in 0.5; no limit when left out."
    )
    memory: Annotated[Size | None, Behaviour.UPDATE] = Field(
        default=None, description="Memory of each replica, as in 512MiB; no limit when left out."
    )
    gpu: Annotated[int | None, Behaviour.UPDATE] = Field(
        default=None, ge=1, description="Graphics processors of each replica; none when left out."
    )
    port: Annotated[int | None, Behaviour.UPDATE] = Field(
        default=None, ge=1, le=65535, description="The port; chosen once when left out."
    )
    listen: Annotated[str | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None,
        pattern=r"^[0-9a-fA-F.:]+$",
        description="The address of the target's host that the port is on, as in 0.0.0.0 for "
        "every one; 127.0.0.1 when left out.",
    )
    restart: Annotated[
        Literal["always", "unless-stopped", "on-failure", "no"] | None,
        Behaviour.UPDATE,
        NoSecrets,
    ] = Field(
        default=None,
        description="When a container that ended is started again, on targets that have any; "
        "unless-stopped when left out.",
    )
    env: Annotated[dict[str, Text], Behaviour.UPDATE] = Field(
        default_factory=dict, description="Environment variables of the workers."
    )
    scoring_timeout: Annotated[Duration, Behaviour.UPDATE] = Field(
        default="60s", description="How long a request may take; its worker is ended then."
    )
    max_concurrency: Annotated[int | None, Behaviour.UPDATE] = Field(
        default=None, ge=1, description="How many requests may wait; more are refused."
    )
    auth: Annotated[DeploymentAuth, Behaviour.UPDATE, NoSecrets] = Field(
        default_factory=DeploymentAuth, description="Who may ask."
    )
    smoke: Annotated[DeploymentSmoke | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None, description="A request to try before a revision serves."
    )
    rollout: Annotated[DeploymentRollout, Behaviour.UPDATE, NoSecrets] = Field(
        default_factory=DeploymentRollout, description="How a new revision takes over."
    )
    probes: Annotated[DeploymentProbes, Behaviour.UPDATE, NoSecrets] = Field(
        default_factory=DeploymentProbes, description="How long things may take."
    )
    tls: Annotated[DeploymentTls | None, Behaviour.UPDATE, NoSecrets] = Field(
        default=None, description="Answers by https with this certificate; by http when left out."
    )

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, listen: str | None) -> str | None:
        if listen is not None:
            ip_address(listen)
        return listen

    @model_validator(mode="after")
    def _an_image(self) -> Self:
        given = [name for name in DERIVES_IMAGE if getattr(self, name) is not None]
        if self.image is not None and given:
            raise ValueError(f"image has its own {given[0]}; leave one of them out")
        if self.image is None and (self.entry_script is None or self.environment is None):
            raise ValueError("image is needed, or entry_script and environment in its place")
        return self


class DeploymentOutputs(ResourceOutputs):
    """What a deployment is while it runs."""

    scoring_uri: str = Field(description="Where requests go.")
    swagger_uri: str = Field(description="Where its document is.")
    host: Annotated[str, Trait.STABLE] = Field(description="The identity of host and user.")
    revision: Annotated[int, Trait.WATCHED] = Field(description="The revision that serves.")
    state: Annotated[str, Trait.WATCHED] = Field(description="healthy, unhealthy or not running.")
    image_digest: Annotated[str, Trait.WATCHED] = Field(description="The digest that serves.")
    variables: dict[str, str] = Field(description="The variables of the image's environment.")
    workers: Annotated[int, Trait.WATCHED] = Field(description="How many workers it has.")
    keys: Annotated[dict[str, str], Trait.WATCHED] = Field(
        description="Fingerprints of the keys; never the keys."
    )


class DeploymentLimits(Stored):
    """What the engine lets each replica have."""

    cpu: float | None = Field(default=None, description="Cores; none is no limit.")
    memory: int | None = Field(default=None, description="Bytes of memory; none is no limit.")
    gpus: int = Field(default=0, description="Graphics processors.")


class DeploymentFront(Stored):
    """The container that has the port of a deployment."""

    name: str = Field(description="What it is called on the engine.")
    image_id: str = Field(description="The engine's id of its image.")
    state: str = Field(description="running, or how it stands.")


class DockerDeploymentOutputs(ResourceOutputs):
    """What a deployment on a Docker engine is while it runs."""

    scoring_uri: str = Field(description="Where requests go.")
    swagger_uri: str = Field(description="Where its document is.")
    engine: Annotated[str, Trait.STABLE] = Field(
        description="The identity of the engine that it runs on."
    )
    revision: Annotated[int, Trait.WATCHED] = Field(description="The revision that serves.")
    state: Annotated[str, Trait.WATCHED] = Field(description="healthy, unhealthy or not running.")
    image_digest: Annotated[str, Trait.WATCHED] = Field(description="The digest that serves.")
    image_id: Annotated[str, Trait.WATCHED] = Field(
        description="The engine's id of the image that serves."
    )
    corrupted: Annotated[tuple[str, ...], Trait.WATCHED] = Field(
        default=(), description="Files of models that are not as in the image."
    )
    variables: dict[str, str] = Field(description="The variables of the image's environment.")
    env_digests: Annotated[dict[str, str], Trait.WATCHED] = Field(
        default_factory=dict,
        description="A digest of each variable that replicas have; a secret's is salted.",
    )
    running: Annotated[int, Trait.WATCHED] = Field(description="How many replicas answer.")
    limits: Annotated[DeploymentLimits, Trait.WATCHED] = Field(
        default_factory=DeploymentLimits, description="What the engine lets each replica have."
    )
    restart_policy: Annotated[str, Trait.WATCHED] = Field(
        description="When the engine starts an ended container again."
    )
    front: Annotated[DeploymentFront, Trait.WATCHED] = Field(
        description="The container that has the port."
    )
    network: Annotated[str, Trait.WATCHED] = Field(
        description="The network that its containers are on; empty where one of them is not."
    )
    address: Annotated[str, Trait.WATCHED] = Field(
        description="Host and port that the front has, as in 127.0.0.1:8080."
    )
    certificate: Annotated[str | None, Trait.WATCHED] = Field(
        default=None, description="Fingerprint of the certificate that it shows."
    )
    keys: Annotated[dict[str, str], Trait.WATCHED] = Field(
        description="Fingerprints of the keys; never the keys."
    )
