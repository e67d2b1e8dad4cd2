"""The layer of code: sources, schema files, and what an image says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.content import changed_since_plan
from amlplan.digests import PREFIX, hash_file
from amlplan.files import encode, failure_at
from amlplan_images.entries import Entry, File
from amlplan_images.layers import ROOT, layer_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan_images.layers import Layer
    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue

NAME = "code"
DOCUMENT, MANIFEST = f"{ROOT}/image.json", f"{ROOT}/manifest.json"


def code_layer(
    parts: Parts, document: Mapping[str, JsonValue], manifest: Mapping[str, JsonValue]
) -> Layer:
    """The layer of the files of `parts`, with `/amlplan/image.json` and `/amlplan/manifest.json`.

    Raises ProviderError for a file that no longer has the digest that `parts` says.
    """
    return layer_of(NAME, [*_documents(document, manifest), *_sources(parts)])


def _documents(
    document: Mapping[str, JsonValue], manifest: Mapping[str, JsonValue]
) -> Iterator[Entry]:
    yield File.of(DOCUMENT, encode(dict(document)))
    yield File.of(MANIFEST, encode(dict(manifest)))


def _sources(parts: Parts) -> Iterator[Entry]:
    for name, (path, digest) in parts.files.items():
        try:
            same = PREFIX + hash_file(path) == digest
            size = path.stat().st_size
        except FileNotFoundError:
            same, size = False, 0
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        if not same:
            raise changed_since_plan(str(path))
        yield File(f"{ROOT}/{name}", size, path)
