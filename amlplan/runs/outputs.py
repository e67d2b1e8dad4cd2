"""The files that a run gave, out of the content store of its workspace."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, RunError
from amlplan.files import failure_at, make_folder
from amlplan.runs.grids import is_grid
from amlplan.wording import few

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.content_store import ContentStore
    from amlplan.history import OutputFile, RunDetail
    from amlplan.runs.place import RunPlace

CHUNK = 1024 * 1024
KEPT = "kept"
"""The folder of a run in which outputs lie that are kept by reference."""


def download(
    run: RunDetail,
    content: ContentStore,
    folder: Path,
    path: str | None = None,
    kept: Path | None = None,
) -> list[OutputFile]:
    """Copy outputs into a folder, at or below `path` where that is given; gives what was copied.

    `kept` is the folder in which a run has outputs that it kept by reference.
    What is there under the same name is replaced, whole. Raises RunError where the run has none,
    and where stored bytes are no longer what they were.
    """
    wanted = [file for name, file in sorted(run.outputs.items()) if _is_below(name, path)]
    if not wanted:
        known = f"no output {path}; it has: {few(sorted(run.outputs))}"
        what = known if run.outputs else "no outputs"
        members = few([child.id for child in run.children]) if is_grid(run.definition) else ""
        hint = f" Outputs are those of its members: {members}." if members else ""
        raise RunError("Nothing to download", f"{run.summary.id} has {what}.{hint}")
    for file in wanted:
        source = content.path(file.digest)
        if kept is not None and not source.exists() and (kept / file.path).exists():
            source = kept / file.path
        copy_content(content, file.digest, folder / file.path, source)
    return wanted


def content_path(place: RunPlace, run_id: str, file: OutputFile) -> Path:
    """Where the bytes of an output lie: in the store, or with the run, where it kept them there.

    Whoever reads them checks that they are there, and what they were.
    """
    stored = place.content.path(file.digest)
    kept = place.folder_of(run_id) / KEPT / file.path
    return kept if kept.exists() and not stored.exists() else stored


def _is_below(name: str, path: str | None) -> bool:
    return path is None or name == path or name.startswith(f"{path.rstrip('/')}/")


def copy_content(
    content: ContentStore, digest: str, place: Path, source: Path | None = None
) -> None:
    """Copy bytes to a place, those stored or of `source`, checking their digest.

    Raises AmlplanError.
    """
    path = content.path(digest) if source is None else source
    make_folder(place.parent)
    part = place.with_name(f".{place.name}.part")
    seen = hashlib.sha256()
    try:
        with path.open("rb") as stored, part.open("wb") as target:
            while data := stored.read(CHUNK):
                seen.update(data)
                target.write(data)
        if f"sha256:{seen.hexdigest()}" != digest:
            raise RunError(
                "Stored content is damaged",
                f"{path} no longer has its digest. Restore it from a backup, or make it anew.",
            )
        part.replace(place)
    except FileNotFoundError as failure:
        raise NotFoundError(
            "Stored content is gone",
            f"{path} is not there. Restore it from a backup, or make it anew.",
        ) from failure
    except OSError as failure:
        raise failure_at(place, "written", failure) from failure
    finally:
        part.unlink(missing_ok=True)
