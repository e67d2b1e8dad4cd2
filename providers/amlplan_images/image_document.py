"""What `/amlplan/image.json` says: how a container of the image starts, whatever its version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.content import digest_over
from amlplan_images.dependencies import ENVIRONMENT, INTERPRETER
from amlplan_images.layers import ROOT
from amlplan_images.parts import MODELS, SCHEMA, SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Serving:
    """What answers requests in containers of an image.

    `server` is `amlplan`, `azmlinfsrv` or `none`; `routes` are those of a server that is not
    amlplan's.
    """

    server: str = "amlplan"
    routes: Mapping[str, JsonValue] = field(default_factory=dict)
    enable_gpu: bool = False

    def to_document(self) -> dict[str, JsonValue]:
        """Its settings as JSON."""
        return {
            "server": self.server,
            "routes": dict(self.routes),
            "enable_gpu": self.enable_gpu,
        }


def image_document(parts: Parts, serving: Serving) -> dict[str, JsonValue]:
    """The document; all paths are those inside of the image."""
    return {
        "format_version": FORMAT,
        "interpreter": INTERPRETER,
        "environment": f"/{ENVIRONMENT}",
        "source": f"/{ROOT}/{SOURCE}",
        "schema": f"/{ROOT}/{SCHEMA}",
        "entry_script": parts.entry_script,
        "models": {
            name: {"digest": digest_over(files), "path": f"/{ROOT}/{MODELS}/{name}"}
            for name, files in sorted(parts.models.items())
        },
        "manifest": f"/{ROOT}/manifest.json",
        **serving.to_document(),
    }
