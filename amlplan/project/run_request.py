"""What `amlplan run` is asked for: a block of the configuration, or a script as it is."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from amlplan.addresses import RUN_BLOCKS, node_of, parse_address
from amlplan.diagnostics import Severity
from amlplan.errors import ConfigError, RunError
from amlplan.project.workspaces import has_configuration, history_of_folder, open_workspace
from amlplan.runs.notebooks import NOTEBOOK
from amlplan.runs.request import RunRequest
from amlplan.wording import suggestion
from amlplan_schemas.base import HISTORY_PATTERN

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from amlplan.config.evaluating.variables import Assignment
    from amlplan.events import EventSink
    from amlplan.project.opening import OpenProject
    from amlplan.runs.place import RunPlace

RUN_CONFIG = "run_config"
RUNCONFIG = ".runconfig"
"""How the names of Azure ML's files end, which are read, not run."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as the command line asks for it: what replaces or completes the configuration."""

    name: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    history: str | None = None
    assignments: Sequence[Assignment] = ()
    on: str | None = None


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
    request, place, notes = _requested(asked, progress, stop, root)
    if asked.on is not None:
        from amlplan.project.asked_target import on_target

        request = on_target(request, asked.on, root)
    return request, place, notes


def _requested(
    asked: Asked, progress: EventSink, stop: threading.Event, root: Path
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    if asked.name is not None and _is_script(asked.name, root):
        return _script(asked, root)
    if not has_configuration(root):
        return _by_runconfig(asked, None, root, progress, stop)
    # Reading a configuration takes as long to import as all the rest.
    from amlplan.project.configured_run import configured
    from amlplan.project.opening import open_project

    project = open_project(asked.assignments, root=root)
    blocks = _blocks(project)
    address = _address(asked.name or _default(project, blocks), blocks)
    if address is not None:
        return configured(address, asked, project, progress, stop)
    mistakes = project.configuration.diagnostics
    if any(item.severity is Severity.ERROR for item in mistakes):  # it may be in what is wrong
        raise ConfigError(mistakes)
    return _by_runconfig(asked, project, root, progress, stop)


def _default(project: OpenProject, blocks: list[str]) -> str:
    """What a run without a name is: what the project says, or the only one there is."""
    block = project.configuration.project
    if block is not None and block.default_run_config is not None:
        return block.default_run_config
    return blocks[0] if len(blocks) == 1 else ""


def _address(name: str, blocks: list[str]) -> str | None:
    """The address that a name stands for: `train` is a label, `train["a"]` one of its objects."""
    parsed = parse_address(name)
    whole = parsed is not None and parsed.block in RUN_BLOCKS
    names = [name] if whole else [f"{block}.{name}" for block in RUN_BLOCKS]
    return next((item for item in names if node_of(item) in blocks), None)


def _by_runconfig(
    asked: Asked,
    project: OpenProject | None,
    root: Path,
    progress: EventSink,
    stop: threading.Event,
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """The run of a runconfig file of Azure ML; raises RunError where there is none of the name."""
    from amlplan.config.azureml.attached import attached_history
    from amlplan.config.azureml.project_file import runconfig_names, runconfig_path

    labels = [] if project is None else [name.rpartition(".")[2] for name in _blocks(project)]
    files = runconfig_names(root)
    name = asked.name or (files[0] if not labels and len(files) == 1 else "")
    path = runconfig_path(root, name) if name else None
    if path is None:
        raise _nothing_to_run(asked.name, [*labels, *files], root)
    from amlplan.project.runconfig_run import runconfig_request

    history = attached_history(root, None if project is None else project.configuration)
    return runconfig_request(path, asked, history, root, progress, stop)


def _blocks(project: OpenProject) -> list[str]:
    """The blocks that can be run, each by its address without keys."""
    return [name for block in RUN_BLOCKS for name in project.evaluation.blocks_of(block)]


def _check_history(name: str) -> None:
    if re.fullmatch(HISTORY_PATTERN, name) is None:
        raise RunError(
            "No name for a history",
            f"{name!r} cannot be one: letters, digits, - and _ may stand in it, 255 of them at "
            "most, and a letter or a digit comes first.",
        )


def _is_script(name: str, root: Path) -> bool:
    return _is_path(name) and not name.endswith(RUNCONFIG) and (root / name).exists()


def _is_path(name: str) -> bool:
    return name.endswith((".py", NOTEBOOK)) or "/" in name


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
        history=asked.history or history_of_folder(root) or history_named_for(script),
        name=script.name,
        source=root,
        interpreter=python_on_path(),
        script=script.as_posix(),
        arguments=asked.arguments,
        parameters=asked.parameters,
    )
    return request, place, notes


def history_named_for(script: PurePath) -> str:
    """The history of a script or file that names none: its own name, as far as it may be one."""
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
