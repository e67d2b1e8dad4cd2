"""What targets of other kinds can and this host cannot: told at plan, with who can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_schemas.deployment import Deployment, DeploymentProbes
from amlplan_schemas.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.provider import Draft, Referred

TARGET = "compute.local"
CAN = "compute.docker"
_OF_DEPLOYMENTS = ("cpu", "memory", "gpu", "listen", "restart", "tls")
_OF_PROBES = ("period", "timeout", "failure_threshold")
_OF_IMAGES = ("reference", "registry", "server", "enable_gpu")


def refuse_what_this_host_cannot(draft: Draft) -> None:
    """Raise ProviderError for a deployment with anything that only other targets have."""
    _refuse_target(draft.address, draft.referred.get("target"), "Deployments")
    image = draft.referred.get("image")
    if image is not None and image.kind != "image":
        raise ProviderError(
            "An image of another target",
            f"{draft.address} runs on {TARGET} and names {image.address}, of kind {image.kind}. "
            "Deployments of this host serve images without a builder; leave that out, or name a "
            "target of the image's kind.",
        )
    _refuse_fields(draft, [name for name in _OF_DEPLOYMENTS if _differs(draft, Deployment, name)])
    probes = draft.values.get("probes") or {}
    usual = DeploymentProbes().model_dump(mode="json")
    changed = [name for name in _OF_PROBES if probes.get(name, usual[name]) != usual[name]]
    _refuse_fields(draft, [f"probes.{name}" for name in changed])


def refuse_what_bundles_cannot(draft: Draft) -> None:
    """Raise ProviderError for an image with anything that a bundle on this host cannot have."""
    _refuse_target(draft.address, draft.referred.get("builder"), "Images")
    _refuse_fields(draft, [name for name in _OF_IMAGES if _differs(draft, Image, name)])


def _refuse_target(address: str, target: Referred | None, what: str) -> None:
    if target is not None and target.kind != TARGET:
        raise ProviderError(
            "A target that does not serve",
            f"{address} names {target.address}, of kind {target.kind}. {what} are made on "
            f"{TARGET} and {CAN}.",
        )


def _differs(draft: Draft, model: type[Deployment | Image], name: str) -> bool:
    """Whether a field that is known has another value than by default."""
    default = model.model_fields[name].default
    return name in draft.values and draft.values[name] != default


def _refuse_fields(draft: Draft, names: Iterable[str]) -> None:
    for name in names:
        raise ProviderError(
            "Not possible on this target",
            f"{draft.address} has {name}, which {TARGET} cannot do. Targets that can: {CAN}. "
            "Leave it out, or name one of those.",
        )
