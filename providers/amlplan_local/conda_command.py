"""micromamba, mamba or conda, where one of them is here: builds a conda file as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.children import run_child
from amlplan.errors import CanceledError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_local.built import Building
    from amlplan_local.specification import EnvironmentSpec

PROGRAMS = ("micromamba", "mamba", "conda")
TIMEOUT = 3600.0
_DROPPED = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")
_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_A_SCREEN = 1500
_LOGIN = re.compile(r"://[^/\s@]+@")
_DEFAULT_CHANNEL = "conda-forge"


def find_conda() -> str | None:
    """The program that builds conda files here, None where there is none on the PATH."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def create_with_conda(
    program: str,
    spec: EnvironmentSpec,
    wheels: Mapping[str, Path],
    building: Building,
    aside: Path,
    folder: Path,
) -> str:
    """Make the environment in `folder`, since conda's cannot be moved; gives its Python.

    `aside` is a folder for what is needed meanwhile. Blocks, uses the network. Raises
    ProviderError with what the program says.
    """
    assert spec.conda is not None  # noqa: S101 - who calls this looked
    file = aside / "environment.yml"
    file.write_text(json.dumps(_document(spec.conda, wheels, program), indent=1), encoding="utf-8")
    _run([program, *_arguments(program, folder, file)], building, aside)
    python = folder / "bin" / "python"
    if not python.is_file():
        raise ProviderError(
            "The environment has no Python",
            f"{Path(program).name} made an environment without a Python. Name one in the conda "
            'file, as in python=3.11, or in the block, as in python = "3.11".',
        )
    return _run([str(python), "-I", "-c", _VERSION], building, aside, is_quiet=True).strip()


def _arguments(program: str, folder: Path, file: Path) -> list[str]:
    if Path(program).name == "micromamba":
        return ["create", "--yes", "--prefix", str(folder), "--file", str(file)]
    return ["env", "create", "--prefix", str(folder), "--file", str(file)]


def _document(conda: Mapping[str, Any], wheels: Mapping[str, Path], program: str) -> dict[str, Any]:
    """The conda file as it was read; JSON is YAML too."""
    dependencies: list[Any] = list(conda["dependencies"])
    if conda["pip"]:
        pip = [_with_wheel(line, wheels) for line in conda["pip"]]
        has_pip = any(item.partition("=")[0].strip() == "pip" for item in dependencies)
        dependencies += [{"pip": pip}] if has_pip else ["pip", {"pip": pip}]
    channels = list(conda["channels"])
    if not channels and Path(program).name == "micromamba":
        channels = [_DEFAULT_CHANNEL]  # it knows none of its own
    return {"dependencies": dependencies} | ({"channels": channels} if channels else {})


def _with_wheel(line: str, wheels: Mapping[str, Path]) -> str:
    name, at, rest = line.partition(" @ ")
    path, semicolon, marker = rest.partition(" ;")
    return f"{name} @ {wheels[path].as_uri()}{semicolon}{marker}" if at and path in wheels else line


def _run(command: list[str], building: Building, folder: Path, *, is_quiet: bool = False) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    variables |= {"CONDA_ALWAYS_YES": "true", "MAMBA_ALWAYS_YES": "true", "NO_COLOR": "1"}

    def cancelled() -> bool:
        try:
            building.check()
        except CanceledError:
            return True
        return False

    finished = run_child(
        command,
        environment=variables,
        folder=folder,
        timeout=TIMEOUT,
        cancelled=cancelled,
        on_line=None if is_quiet else lambda line: building.progress(_LOGIN.sub("://****@", line)),
    )
    if finished.returncode != 0:
        said = f"{finished.stdout}\n{finished.stderr}".strip()[-_A_SCREEN:]
        said = _LOGIN.sub("://****@", said)
        raise ProviderError(
            "The environment cannot be built",
            f"{Path(command[0]).name} ended with {finished.returncode} and says: {said} Mend that, "
            "or take the program off the PATH to have the packages from the package index.",
        )
    return finished.stdout
