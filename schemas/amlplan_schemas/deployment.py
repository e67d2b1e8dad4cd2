"""Deployments: an image that answers requests on a target."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    Duration,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Text,
    Trait,
)


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


class Deployment(ResourceInputs):
    """A deployment, named by Azure ML's rule."""

    name_pattern: ClassVar[str] = r"^(?=.{3,32}$)[a-z]([-a-z0-9]*[a-z0-9])?$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    image: Annotated[Reference, Behaviour.UPDATE, BlockReference("image")] = Field(
        description="The image that it serves."
    )
    target: Annotated[Reference, Behaviour.REPLACE, BlockReference("compute")] = Field(
        description="Where it runs."
    )
    replicas: Annotated[int, Behaviour.UPDATE] = Field(
        default=1, ge=1, le=64, description="How many workers answer; no new revision."
    )
    port: Annotated[int | None, Behaviour.UPDATE] = Field(
        default=None, ge=1, le=65535, description="The port; chosen once when left out."
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
