"""Environments that are built: one folder per digest, complete or not there."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan.errors import ProviderError
from amlplan.files import encode, failure_at, locked, make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan_local.specification import EnvironmentSpec
    from amlplan_local.store import ContentStore

FOLDER = "environments"
COMPLETE = "amlplan-environment.json"
"""Written last: an environment that has it is complete."""


@dataclass(frozen=True, slots=True)
class BuiltEnvironment:
    """An environment that can be used: its interpreter, and the version of that Python.

    `by` is the program that built it.
    """

    interpreter: Path
    digest: str
    python: str
    by: str = "uv"


@dataclass(frozen=True, slots=True)
class Building:
    """Where and how an environment is built.

    Relative paths of a specification start at `root`. `credentials` are variables for uv, as
    `UV_DEFAULT_INDEX`, whose addresses bring the logins that the specification leaves out.
    Wheels of the project are taken from `content` where it has them, else from below `root`.
    `check` raises CanceledError where the user asked to stop.
    """

    root: Path
    data_folder: Path
    cache_folder: Path
    credentials: Mapping[str, str]
    content: ContentStore | None = None
    progress: Callable[[str], None] = lambda _: None
    check: Callable[[], None] = lambda: None

    @property
    def folder(self) -> Path:
        """The folder of all environments."""
        return self.data_folder / FOLDER


def build(spec: EnvironmentSpec, building: Building) -> BuiltEnvironment:
    """The environment of a specification, built where it is not there yet; blocks.

    One that is there costs a few looks at files. Two that build the same at once build it once;
    one that is killed leaves nothing that would be taken for complete. Raises ProviderError with
    uv's reason, NotFoundError for a Python that is not installed, AuthError and UnreachableError
    for the index, QuotaError for a full disk, CanceledError.
    """
    if spec.user_managed:
        return _kept_by_user(spec, building)
    folder = building.folder / spec.digest.removeprefix(PREFIX)
    found = _complete(folder, spec.digest)
    if found is not None:
        return found
    make_folder(building.folder)
    lock = building.folder / f".{folder.name}.lock"

    def wait() -> None:
        building.check()
        building.progress("waiting for another process that builds the same environment")

    with locked(lock, wait):
        found = _complete(folder, spec.digest)
        return found or _build(spec, building, folder)


def found_built(spec: EnvironmentSpec, data_folder: Path) -> BuiltEnvironment | None:
    """The environment of a specification where it is built on this host, else None."""
    return _complete(data_folder / FOLDER / spec.digest.removeprefix(PREFIX), spec.digest)


def _complete(folder: Path, digest: str) -> BuiltEnvironment | None:
    """The environment in a folder; None where it, or the Python that it stands on, is gone."""
    interpreter = folder / "bin" / "python"
    try:
        told = json.loads((folder / COMPLETE).read_bytes())
        if not interpreter.is_file() or told["digest"] != digest:
            return None
        return BuiltEnvironment(interpreter, digest, str(told["python"]), told.get("by", "uv"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(spec: EnvironmentSpec, building: Building, folder: Path) -> BuiltEnvironment:
    """Build the environment, so that it is complete in its folder or not; the lock is held."""
    from amlplan_local.conda_command import find_conda

    _remove_left_behind(folder)
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.tmp")
    program = find_conda() if spec.conda is not None else None
    try:
        aside.mkdir()
        if program is None:
            python = _build_aside(spec, building, aside, folder)
        else:
            python = _build_with_conda(program, spec, building, aside, folder)
    except OSError as failure:
        raise failure_at(folder, "built", failure) from failure
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    by = "uv" if program is None else Path(program).name
    return BuiltEnvironment(folder / "bin" / "python", spec.digest, python, by)


def _build_aside(spec: EnvironmentSpec, building: Building, aside: Path, folder: Path) -> str:
    """Build beside the folder by uv and put it in its place; gives the version of its Python."""
    from amlplan_local.installation import install

    if spec.conda is not None and spec.conda.get("only"):
        raise ProviderError(
            "Only conda can build the environment",
            "None of micromamba, mamba and conda is on the PATH, and the package index has not all "
            f"that the conda file asks for: {spec.conda['only']}",
        )
    made = aside / "environment"
    python = install(spec, building, aside, made)
    (made / COMPLETE).write_bytes(encode({"digest": spec.digest, "python": python}))
    os.sync()  # thousands of files: one by one would take longer than building them
    made.rename(folder)
    return python


def _build_with_conda(
    program: str, spec: EnvironmentSpec, building: Building, aside: Path, folder: Path
) -> str:
    """Build by conda, in the folder itself, which counts once it is marked as complete."""
    from amlplan_local.conda_command import create_with_conda
    from amlplan_local.installation import wheels_of

    try:
        wheels = wheels_of(spec, building, aside)
        python = create_with_conda(program, spec, wheels, building, aside, folder)
        os.sync()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    by = Path(program).name
    write_file(folder / COMPLETE, encode({"digest": spec.digest, "python": python, "by": by}))
    return python


def _remove_left_behind(folder: Path) -> None:
    """Take away what killed builds left, and an environment that is no longer complete."""
    if folder.exists():
        with contextlib.suppress(OSError):
            folder.rename(folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.tmp"))
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def _kept_by_user(spec: EnvironmentSpec, building: Building) -> BuiltEnvironment:
    """The user's interpreter as it is, once it was seen to run and to be the Python asked for."""
    from amlplan.children import run_child

    name = str(spec.interpreter)
    path = building.root / name if "/" in name else Path(name)
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.executable)"
    finished = run_child([str(path), "-I", "-c", code], timeout=60, cancelled=lambda: False)
    version, _, executable = finished.stdout.strip().partition(" ")
    if finished.returncode != 0 or not executable:
        raise ProviderError(
            "The interpreter does not run",
            f"{name} ended with {finished.returncode}: {finished.stderr.strip()[-500:]} Correct "
            "interpreter, or mend that Python.",
        )
    if spec.python is not None and f"{version}.".startswith(f"{spec.python}.") is False:
        raise ProviderError(
            "The interpreter is another Python",
            f"{name} is Python {version}, and the environment asks for {spec.python}. Correct "
            "python or interpreter.",
        )
    return BuiltEnvironment(Path(executable), spec.digest, version)
