"""Brings the outputs of a run back, and removes its container."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from amlplan.wording import few
from amlplan_docker.carrying.fetching import roots_of
from amlplan_docker.carrying.output import say
from amlplan_docker.carrying.task import BROUGHT, NAME, WORK

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from amlplan_docker.carrying.container import RunContainer
    from amlplan_docker.carrying.mirror import Mirror
    from amlplan_docker.carrying.task import CarryTask


def bring(
    task: CarryTask,
    container: RunContainer,
    folder: Path,
    mirror: Mirror,
    filled: Collection[str] | None = None,
) -> None:
    """Fetch what may be kept of the working folder, then remove the container; may be repeated.

    Of the top of that folder only what is `filled` is asked for, where that is known. Raises
    ProviderError and OSError; the container is there still then.
    """
    work = folder / "work"
    sent = (folder / NAME).stat().st_mtime_ns
    links: list[str] = []
    for root in roots_of(task.include, mirror.asked()):
        _drop_sent(work / root, sent)
        if filled is not None and root != "." and root.partition("/")[0] not in filled:
            continue
        target = work if root == "." else (work / root).parent
        path = f"{WORK}/." if root == "." else posixpath.join(WORK, root)
        links += container.fetch(path, target, work)
    if links:
        say(f"links that lead out of the working folder are not kept: {few(links)}")
    container.remove()
    (folder / BROUGHT).touch()


def _drop_sent(root: Path, sent: int) -> None:
    """Remove files that were sent: those that the script left alone come back.

    Newer ones were written here, by the service of the run, and stay.
    """
    places = [root] if root.is_file() or root.is_symlink() else []
    for folder, _, names in os.walk(root):
        places += [root.__class__(folder) / name for name in names]
    for place in places:
        if place.lstat().st_ctime_ns <= sent:
            place.unlink()
