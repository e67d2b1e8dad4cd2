"""The docker command line, for builds by BuildKit, which the API alone cannot do."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.children import run_child
from amlplan.errors import CanceledError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amlplan.provider import OperationHandle

NAME = "docker"
QUICK = 30.0
"""Seconds that a command line may take to tell its version."""
_VERSION = re.compile(r"version (\d+)\.")
_BUILT_IN = range(19, 23)
"""Major versions that have BuildKit built in; later ones need the plugin buildx."""
_LINE = re.compile(r"#\d+ (?:\d+\.\d+ )?(?P<text>.*)")
_NOISE = re.compile(r"sha256:\w+|DONE .*|CACHED|transferring .*|extracting .*|\.\.\.|")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TOLD_OF_A_FAILURE = 20
"""Lines of a failed build that stand in its error."""


@dataclass(frozen=True, slots=True)
class BuildCommand:
    """A command that builds with BuildKit: its arguments up to the options of a build."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str]


def build_command(environment: Mapping[str, str] | None = None) -> BuildCommand | None:
    """The first command line on the PATH that has BuildKit; None where none has."""
    known = os.environ if environment is None else environment
    for folder in known.get("PATH", "").split(os.pathsep):
        program = shutil.which(NAME, path=folder) if folder else None
        if program is None:
            continue
        if "buildx" in (_says(program, "buildx", "version") or ""):  # Podman says another thing
            arguments = (program, "buildx", "build", "--builder", "default", "--load")
            return BuildCommand(arguments, {})
        version = _VERSION.search(_says(program, "--version") or "")
        if version is not None and int(version[1]) in _BUILT_IN:
            return BuildCommand((program, "build"), {"DOCKER_BUILDKIT": "1"})
    return None


def _says(program: str, *arguments: str) -> str | None:
    try:
        finished = run_child([program, *arguments], timeout=QUICK)
    except ProviderError:
        return None
    return finished.stdout if finished.returncode == 0 else None


def build_with_command(
    command: BuildCommand,
    options: Sequence[str],
    dockerfile: str,
    tag: str,
    operation: OperationHandle,
) -> None:
    """Build an image from a Dockerfile without further files; blocks for as long as it takes.

    `options` let the command line reach the engine. Each line of its output is progress. Raises
    ProviderError with its last lines.
    """
    program, *verbs = command.arguments
    told = Told(operation.progress)
    variables = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
    with tempfile.TemporaryDirectory(prefix="amlplan-build-") as folder:
        Path(folder, "Dockerfile").write_text(dockerfile, encoding="utf-8")
        finished = run_child(
            [program, *options, *verbs, "--progress=plain", "--tag", tag, folder],
            environment={**variables, **command.variables},
            cancelled=lambda: is_cancelled(operation),
            on_line=told.take,
        )
    if finished.returncode:
        raise build_failed(told.last)


def is_cancelled(operation: OperationHandle) -> bool:
    """Whether the user asked to stop."""
    try:
        operation.check_cancelled()
    except CanceledError:
        return True
    return False


class Told:
    """What a build prints, told as progress line by line; keeps the last lines."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.last: deque[str] = deque(maxlen=TOLD_OF_A_FAILURE)
        self._progress = progress

    def take(self, line: str) -> None:
        """Tell a line, without colours and what BuildKit puts before it."""
        bare = _COLOUR.sub("", line).strip()
        match = _LINE.fullmatch(bare)
        text = match["text"] if match is not None else bare
        if _NOISE.fullmatch(text):
            return
        self.last.append(text)
        self._progress(text)


def build_failed(lines: deque[str]) -> ProviderError:
    """The error of a build, with the end of what it printed."""
    end = "\n".join(f"  {line}" for line in lines)
    return ProviderError(
        "The base of an image could not be built",
        "The packages and steps of its environment's docker block failed. Correct them; this is "
        f"the end of what the build printed:\n{end}",
    )
