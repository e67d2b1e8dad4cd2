"""The content digest of an image: what it is over, by what its user knows."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from amlplan.content import digest_over
from amlplan.digests import PREFIX
from amlplan_images.changes import BASE, DOCKERFILE, SERVER, SETTINGS
from amlplan_images.server import server_version

if TYPE_CHECKING:
    from amlplan_images.base import BaseImage
    from amlplan_images.image_document import Serving
    from amlplan_images.parts import Parts


def contents_of(
    parts: Parts, base: BaseImage, serving: Serving, dockerfile: str | None = None
) -> dict[str, str]:
    """The digest of each input of an image for containers; `dockerfile` is that of its steps."""
    found = {
        **parts.contents,
        BASE: base.digest,
        SETTINGS: _digest(json.dumps([serving.to_document(), base.platform], sort_keys=True)),
    }
    if serving.server == "amlplan":
        found[SERVER] = server_version()
    if dockerfile is not None:
        found[DOCKERFILE] = _digest(dockerfile)
    return dict(sorted(found.items()))


def content_digest(contents: dict[str, str]) -> str:
    """One digest over all inputs."""
    return digest_over(contents)


def _digest(text: str) -> str:
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()
