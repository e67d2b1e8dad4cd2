"""What an image says of itself, in /amlplan/image.json: what to start, and with which models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROOT = "/amlplan"
FORMAT = 1


class UnusableImageError(Exception):
    """The container's image or its settings cannot be served; the text says what is amiss."""


@dataclass(frozen=True)
class Image:
    """What is in an image; paths are absolute. `models` has the folder of each by its name."""

    interpreter: str
    source: str
    entry_script: str
    models: Mapping[str, str]
    manifest: str


def read_image(root: Path) -> Image:
    """Read what lies in the folder that is ours in an image; raises UnusableImageError."""
    path = root / "image.json"
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError) as failure:
        raise UnusableImageError(f"{path} cannot be read: {failure}.") from failure
    if not isinstance(told, dict) or told.get("format_version") != FORMAT:
        raise UnusableImageError(f"{path} is not of format {FORMAT}; build the image anew.")
    try:
        return _image(told)
    except (KeyError, TypeError, AttributeError) as failure:
        raise UnusableImageError(f"{path} lacks something: {failure!r}.") from failure


def _image(told: Mapping[str, Any]) -> Image:
    models = {str(name): str(about["path"]) for name, about in told["models"].items()}
    return Image(
        interpreter=str(told["interpreter"]),
        source=str(told["source"]),
        entry_script=str(told["entry_script"]),
        models=models,
        manifest=str(told["manifest"]),
    )
