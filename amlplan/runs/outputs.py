"""The files that a run gave, out of the content store of its workspace."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, RunError
from amlplan.files import failure_at, make_folder
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
    run: RunDetail, content: ContentStore, folder: Path, path: str | None = None
) -> list[OutputFile]:
    """Copy outputs into a folder, at or below `path` where that is given; gives what was copied.

    What is there under the same name is replaced, whole. Raises RunError where the run has none,
    and where stored bytes are no longer what they were.
    """
    wanted = [file for name, file in sorted(run.outputs.items()) if _is_below(name, path)]
    if not wanted:
        known = f"no output {path}; it has: {few(sorted(run.outputs))}"
        what = known if run.outputs else "no outputs"
        raise RunError("Nothing to download", f"{run.summary.id} has {what}.")
    for file in wanted:
        copy_content(content, file.digest, folder / file.path)
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


def copy_content(content: ContentStore, digest: str, place: Path) -> None:
    """Copy stored bytes to a place, checking their digest; raises AmlplanError."""
    make_folder(place.parent)
    part = place.with_name(f".{place.name}.part")
    seen = hashlib.sha256()
    try:
        with content.path(digest).open("rb") as source, part.open("wb") as target:
            while data := source.read(CHUNK):
                seen.update(data)
                target.write(data)
        if f"sha256:{seen.hexdigest()}" != digest:
            raise RunError(
                "Stored content is damaged",
                f"{content.path(digest)} no longer has its digest. Restore it from a backup, or "
                "make it anew.",
            )
        part.replace(place)
    except FileNotFoundError as failure:
        raise NotFoundError(
            "Stored content is gone",
            f"{content.path(digest)} is not there. Restore it from a backup, or make it anew.",
        ) from failure
    except OSError as failure:
        raise failure_at(place, "written", failure) from failure
    finally:
        part.unlink(missing_ok=True)
