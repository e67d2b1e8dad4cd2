"""The layer of code: sources, schema files, and what an image says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.content import changed_since_plan
from amlplan.digests import PREFIX, hash_file
from amlplan.files import encode, failure_at
from amlplan_images.entries import File, archive_of_entries
from amlplan_images.layer_cache import key_of
from amlplan_images.layers import ROOT, Layer, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.errors import ProviderError
    from amlplan_images.layer_cache import LayerCache
    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue

NAME = "code"
DOCUMENT, MANIFEST = f"{ROOT}/image.json", f"{ROOT}/manifest.json"


def code_layer(
    parts: Parts,
    document: Mapping[str, JsonValue],
    manifest: Mapping[str, JsonValue],
    cache: LayerCache | None = None,
) -> Layer:
    """The layer of the files of `parts`, with `/amlplan/image.json` and `/amlplan/manifest.json`.

    What it measures is remembered in a cache. Raises ProviderError for a file that no longer has
    the digest that `parts` says, now or when the layer is read.
    """
    documents = {DOCUMENT: encode(dict(document)), MANIFEST: encode(dict(manifest))}
    files = {name: digest for name, (_, digest) in parts.files.items()}
    key = key_of(["code", files, {name: data.decode() for name, data in documents.items()}])

    def read() -> Iterator[bytes | memoryview]:
        made = [File.of(name, data) for name, data in documents.items()]
        return archive_of_entries([*made, *_sources(parts)])

    def changed() -> ProviderError:
        if cache is not None:
            cache.forget(key)
        return changed_since_plan("What the image's layer of code is made of")

    measured = None if cache is None else cache.measured(key)
    if measured is None:
        _check(parts)
        measured = measure(read())
        if cache is not None:
            cache.remember(key, measured)
    return Layer(NAME, measured.diff_id, measured.size, read, changed)


def _check(parts: Parts) -> None:
    for path, digest in parts.files.values():
        try:
            same = PREFIX + hash_file(path) == digest
        except FileNotFoundError:
            same = False
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        if not same:
            raise changed_since_plan(str(path))


def _sources(parts: Parts) -> Iterator[File]:
    for name, (path, _) in parts.files.items():
        try:
            size = path.stat().st_size
        except FileNotFoundError as failure:
            raise changed_since_plan(str(path)) from failure
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        yield File(f"{ROOT}/{name}", size, path)
