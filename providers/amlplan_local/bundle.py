"""Bundles: images for deployments of this host, as folders named by the digest of their content."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from typing import TYPE_CHECKING, Any

from amlplan.aside import drop_left_behind, made_folder
from amlplan.content import changed_since_plan
from amlplan.digests import PREFIX, DigestMemory
from amlplan.errors import NotFoundError, ProviderError
from amlplan.files import encode, failure_at, make_folder, sync_folder, write_file
from amlplan_images.parts import ENVIRONMENT, MODELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from amlplan_images.parts import Parts
    from amlplan_local.store import ContentStore

FORMAT = 1
FOLDER = "images"
MANIFEST = "manifest.json"


def folder_of(workspace: Path, digest: str) -> Path:
    """Where a workspace keeps the bundle of a digest."""
    return workspace / FOLDER / digest.removeprefix(PREFIX)


def workspace_of(bundle: Path) -> Path:
    """The workspace that keeps a bundle."""
    return bundle.parent.parent


def build(
    parts: Parts,
    workspace: Path,
    content: ContentStore,
    cache_folder: Path,
    check: Callable[[], None],
) -> Path:
    """Make the bundle of these parts, whole or not at all; gives its folder.

    One that is there and sound is taken as it is. Raises ProviderError for a file that is no longer
    what `parts` says, and for a model that is gone.
    """
    folder = folder_of(workspace, parts.digest)
    if not corrupted(folder, cache_folder):
        return folder
    make_folder(folder.parent)
    drop_left_behind(folder.parent, ".")
    part = folder.with_name(f".{secrets.token_hex(8)}")
    try:
        with made_folder(part):
            for name, (source, digest) in parts.files.items():
                check()
                _copy(source, digest, part / name)
            for name, files in parts.models.items():
                check()
                _put_model(name, files, content, part / MODELS / name)
            write_file(part / MANIFEST, encode(_manifest(parts)))
            if folder.exists():
                folder.rename(part.with_name(f"{part.name}.old"))
            part.rename(folder)
            sync_folder(folder.parent)
    except OSError as failure:
        raise failure_at(folder, "written", failure) from failure
    finally:
        for left in (part, part.with_name(f"{part.name}.old")):
            shutil.rmtree(left, ignore_errors=True)
    return folder


def _manifest(parts: Parts) -> dict[str, Any]:
    return {
        "format_version": FORMAT,
        "digest": parts.digest,
        "contents": parts.contents,
        "entry_script": parts.entry_script,
        "environment": parts.environment,
        "models": {name: dict(files) for name, files in parts.models.items()},
    }


def _copy(source: Path, digest: str, place: Path) -> None:
    make_folder(place.parent)
    memory = DigestMemory(place.parent, source)
    shutil.copyfile(source, place)
    if PREFIX + memory.digest(place)[0] != digest:
        raise changed_since_plan(str(source))
    place.chmod(0o444)


def _put_model(name: str, files: Mapping[str, str], content: ContentStore, folder: Path) -> None:
    gone = content.corrupted(files)
    if gone:
        raise NotFoundError(
            "A model's content is gone",
            f"{', '.join(gone[:3])} of the model {name} can no longer be read from the workspace's "
            "store. Plan again: the plan will register it anew where its source is still there.",
        )
    for path, digest in files.items():
        place = folder / path
        make_folder(place.parent)
        # Blobs are read-only and never changed, so a link is as good as a copy and costs nothing.
        try:
            place.hardlink_to(content.path(digest))
        except OSError:
            shutil.copyfile(content.path(digest), place)
            place.chmod(0o444)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a bundle; None where there is none that can be used."""
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    usable = isinstance(document, dict) and document.get("format_version") == FORMAT
    return document if usable else None


def corrupted(folder: Path, cache_folder: Path) -> list[str]:
    """The files of a bundle that are missing or changed; its manifest, where it is not there.

    Of models only that they are there with their size is looked at: their bytes are the store's.
    """
    document = read_manifest(folder)
    if document is None:
        return [MANIFEST]
    contents = {
        name: digest
        for name, digest in document["contents"].items()
        if name != ENVIRONMENT and not name.startswith(f"{MODELS}/")
    }
    memory = DigestMemory(cache_folder, folder)
    bad = [
        name for name, digest in contents.items() if not _is_sound(folder / name, digest, memory)
    ]
    memory.save()
    models = (
        f"{MODELS}/{name}/{path}" for name, files in document["models"].items() for path in files
    )
    return sorted([*bad, *_missing(folder, models)])


def _is_sound(path: Path, digest: str, memory: DigestMemory) -> bool:
    with contextlib.suppress(OSError, ProviderError):
        return PREFIX + memory.digest(path)[0] == digest
    return False


def _missing(folder: Path, names: Iterable[str]) -> list[str]:
    return [name for name in names if not (folder / name).is_file()]
