"""What `/amlplan/manifest.json` says: facts of the image's content, and nothing that may change.

Numbers of versions, runs and commits are told by labels of containers and by history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.content import digest_over

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan_images.base import BaseImage
    from amlplan_images.layers import Layer, Measured
    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue

FORMAT = 1


def image_manifest(
    digest: str,
    contents: Mapping[str, str],
    parts: Parts,
    base: BaseImage,
    layers: Mapping[str, Layer | Measured],
    packages: Sequence[Mapping[str, JsonValue]],
) -> dict[str, JsonValue]:
    """The manifest of an image with a content digest over `contents`.

    `layers` are those below the code, by what they hold; `packages` are those that it was locked
    to, for every platform.
    """
    return {
        "format_version": FORMAT,
        "digest": digest,
        "contents": dict(contents),
        "entry_script": parts.entry_script,
        "environment": parts.environment,
        "base": {
            "digest": base.digest,
            "platform": base.platform,
            "python": base.python.version,
            "libc": base.python.libc,
        },
        "models": {
            name: {"digest": digest_over(files), "files": dict(files)}
            for name, files in parts.models.items()
        },
        "packages": sorted(_named(package) for package in packages),
        "layers": {name: layer.diff_id for name, layer in layers.items()},
    }


def _named(package: Mapping[str, JsonValue]) -> str:
    """A package with its version, or where it is from."""
    if "version" in package:
        return f"{package['name']}=={package['version']}"
    return f"{package['name']} @ {package.get('path') or package.get('url')}"
