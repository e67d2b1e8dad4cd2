"""MLflow's own clients of several ages, each in an environment made by uv for the session."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from amlplan.files import locked
from interpreters import interpreter

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = {
    "1.30": ("3.10", ("mlflow-skinny==1.30.*", "setuptools<80")),
    "2.9": ("3.10", ("mlflow-skinny==2.9.*", "setuptools<80")),
    "2.22": ("3.10", ("mlflow-skinny==2.22.*",)),
    "newest": ("3.11", ("mlflow-skinny>=3,<4", "scikit-learn", "pandas")),
}
"""The Python of each and what is installed there."""


def client(version: str, factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment's programs, made once; skips the test where it cannot be."""
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # of all workers of xdist
    with locked(shared / f"mlflow-{version}.lock"):
        return _made(version, shared / f"mlflow-{version}")


@cache
def _made(version: str, folder: Path) -> Path:
    python, packages = CLIENTS[version]
    refused = folder.with_suffix(".refused")
    if refused.exists():
        pytest.skip(refused.read_text())
    if not (folder / "complete").exists():
        program = interpreter(python)
        why = f"Python {python} is not installed" if program is None else ""
        why = why or _fails("venv", "--clear", "--python", str(program), str(folder))
        target = str(folder / "bin" / "python")
        why = why or _fails("pip", "install", "--python", target, *packages)
        if why:
            refused.write_text(why)
            pytest.skip(why)
        (folder / "complete").touch()
    return folder / "bin"


def _fails(*arguments: str) -> str:
    """Why a command of uv does not succeed, or "" where it does."""
    try:
        done = subprocess.run(
            [find_uv_bin(), *arguments, "--quiet"],
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
            cwd=tempfile.gettempdir(),
        )
    except subprocess.TimeoutExpired:
        return f"uv {arguments[0]}: the package index took longer than 600 s"
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else f"uv {arguments[0]}: {lines[-1] if lines else 'failed'}"
