"""What `amlplan run` is asked for: a block of the configuration, or a script as it is."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.addresses import node_of, parse_address
from amlplan.diagnostics import Severity
from amlplan.errors import ConfigError, RunError
from amlplan.project.workspaces import has_configuration, open_workspace
from amlplan.runs.request import RunRequest
from amlplan.wording import suggestion
from amlplan_schemas.base import HISTORY_PATTERN

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from amlplan.config.evaluating.variables import Assignment
    from amlplan.events import EventSink
    from amlplan.runs.place import RunPlace

RUN_CONFIG = "run_config"


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as the command line asks for it: what replaces or completes the configuration."""

    name: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    history: str | None = None
    assignments: Sequence[Assignment] = ()


def requested(
    asked: Asked, progress: EventSink, stop: threading.Event, root: Path | None = None
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """The run that is asked for, where it goes, and what its user should know.

    `root` is the project's folder, the current one unless told otherwise. Builds the environment
    that it needs. Raises AmlplanError.
    """
    root = Path.cwd() if root is None else root.resolve()
    if asked.history is not None:
        _check_history(asked.history)
    if asked.name is not None and _is_script(asked.name, root):
        return _script(asked, root)
    if not has_configuration(root):
        raise _nothing_to_run(asked.name, [], root)
    # Reading a configuration takes as long to import as all the rest.
    from amlplan.project.configured_run import configured
    from amlplan.project.opening import open_project

    project = open_project(asked.assignments, root=root)
    blocks = project.evaluation.blocks_of(RUN_CONFIG)
    labels = [block.removeprefix(f"{RUN_CONFIG}.") for block in blocks]
    address = _address(asked.name or (labels[0] if len(labels) == 1 else ""))
    if node_of(address) not in blocks:
        mistakes = project.configuration.diagnostics
        if any(item.severity is Severity.ERROR for item in mistakes):  # it may be in what is wrong
            raise ConfigError(mistakes)
        raise _nothing_to_run(asked.name, labels, root)
    return configured(address, asked, project, progress, stop)


def _address(name: str) -> str:
    """The address that a name stands for: `train` is a label, `train["a"]` one of its objects."""
    parsed = parse_address(name)
    return name if parsed is not None and parsed.block == RUN_CONFIG else f"{RUN_CONFIG}.{name}"


def _check_history(name: str) -> None:
    if re.fullmatch(HISTORY_PATTERN, name) is None:
        raise RunError(
            "No name for a history",
            f"{name!r} cannot be one: letters, digits, - and _ may stand in it, 255 of them at "
            "most, and a letter or a digit comes first.",
        )


def _is_script(name: str, root: Path) -> bool:
    return _is_path(name) and (root / name).exists()


def _is_path(name: str) -> bool:
    return name.endswith(".py") or "/" in name


def _nothing_to_run(name: str | None, labels: list[str], root: Path) -> RunError:
    known = ", ".join(labels) or "none"
    if name is None:
        return RunError(
            "Nothing to run",
            f"Name a run configuration or a script; configured here: {known}.",
        )
    hint = suggestion(name, [*labels, *_scripts_beside(name, root)])
    if _is_path(name):
        return RunError("The script is missing", f"There is no {name} in {root}.{hint}")
    return RunError(
        "No such run configuration",
        f"There is no run_config {name}, and no script of that name; configured here: {known}."
        f"{hint}",
    )


def _scripts_beside(name: str, root: Path) -> list[str]:
    """The scripts of the folder in which a name is looked for, as they would be named."""
    folder = os.path.dirname(name)  # noqa: PTH120 - of text: ./ stays
    return [os.path.join(folder, path.name) for path in (root / folder).glob("*.py")]  # noqa: PTH118


def _script(asked: Asked, root: Path) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """A script without configuration: with the Python on the PATH, as it would run by hand."""
    script = _inside(str(asked.name), root)
    place = open_workspace(None, root)
    notes: tuple[str, ...] = ()
    if place.is_implicit and has_configuration(root):
        # A configuration that was never applied does not keep a script from being run.
        notes = ("No workspace is applied here, so the run goes into one of this folder's own.",)
    request = RunRequest(
        history=asked.history or _history_of(script),
        name=script.name,
        source=root,
        interpreter=python_on_path(),
        script=script.as_posix(),
        arguments=asked.arguments,
        parameters=asked.parameters,
    )
    return request, place, notes


def _history_of(script: Path) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", script.stem).strip("-_")[:255] or "runs"


def _inside(script: str, root: Path) -> Path:
    """The path of a script in the project's folder; raises RunError for one that is elsewhere."""
    inner = os.path.relpath(script, root)
    if inner.startswith(".."):
        raise RunError(
            "The script lies elsewhere",
            f"{script} is not in {root}, of which the run gets a copy. Go to its folder first, or "
            "use -chdir.",
        )
    return Path(inner)


def python_on_path() -> str:
    """The interpreter that `python` means here; raises RunError where there is none."""
    for name in ("python", "python3"):
        found = shutil.which(name)
        if found is not None:
            return found
    raise RunError(
        "No Python on the PATH",
        "Neither python nor python3 is on the PATH. Install one, or give the run an environment.",
    )
