"""What a container that does not run any more has left: the rest of its output and events."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

from amlplan_docker.carrying.ending import Ending
from amlplan_docker.carrying.paths import ASIDE
from amlplan_docker.carrying.task import INSIDE
from amlplan_docker.inside.frames import BrokenError, Frames
from amlplan_docker.inside.runner import ENDED
from amlplan_docker.inside.tails import EVENTS, RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_docker.carrying.container import RunContainer
    from amlplan_docker.carrying.mirror import Mirror
    from amlplan_docker.carrying.output import Output
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_docker.inside.frames import Frame

_STOPPED = 128


def remains_of(
    container: RunContainer, attempt: int, folder: Path, output: Output, mirror: Mirror
) -> Ending | None:
    """Take over what was not taken yet; how the script ended, where its runner saw that.

    Raises ProviderError and OSError; may be repeated.
    """
    aside = folder / ASIDE / "remains"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        for name in (f"spool-{attempt}", EVENTS, RECORDED, f"{ENDED}-{attempt}.json"):
            container.fetch(f"{INSIDE}/{name}", aside, aside)
        _take_output(aside / f"spool-{attempt}", output)
        mirror.take_rest(aside)
        return _ending(aside / f"{ENDED}-{attempt}.json", attempt)
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)


def ended_from_outside(seen: ContainerSeen | None, attempt: int) -> Ending:
    """The ending of a script whose runner was ended before it could tell."""
    if seen is None:
        return Ending(attempt, None, "its container was removed from the engine")
    if seen.oom_killed:
        return Ending(attempt, seen.exit_code, is_out_of_memory=True)
    if seen.state == "created" or seen.error:
        why = seen.error or "it was never started"
        return Ending(attempt, None, f"its container could not be started: {why}")
    code = seen.exit_code
    how = f"signal {code - _STOPPED}" if code > _STOPPED else f"exit code {code}"
    return Ending(attempt, code, f"its container was ended from outside: {how}")


def ending_in(document: dict[str, Any], attempt: int) -> Ending:
    """The ending that a runner tells."""
    code, filled = document.get("code"), document.get("filled")
    if code is None:
        why = document.get("reason") or "it is not known why"
        return Ending(attempt, None, f"the script cannot be started: {why}")
    return Ending(
        attempt,
        int(code),
        is_out_of_memory=bool(document.get("kills")),
        filled=None if filled is None else tuple(map(str, filled)),
    )


def _take_output(spool: Path, output: Output) -> None:
    if not spool.is_dir():
        return
    for path in sorted(it for it in spool.iterdir() if re.fullmatch(r"\d+", it.name)):
        output.take_rest(int(path.name), _frames_in(path))


def _frames_in(path: Path) -> Iterator[Frame]:
    frames = Frames()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            try:
                yield from frames.take(data)
            except BrokenError:
                return


def _ending(path: Path, attempt: int) -> Ending | None:
    try:
        return ending_in(json.loads(path.read_bytes()), attempt)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
