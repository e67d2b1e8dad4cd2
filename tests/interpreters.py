"""Finds the Python interpreters of this machine, of any version."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

VERSIONS = tuple(f"3.{minor}" for minor in range(6, 15))


@cache
def interpreter(version: str) -> str | None:
    """The newest interpreter of a version, from the folder of pyenv or the PATH; None if none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [str(path) for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python"))]
    on_path = shutil.which(f"python{version}")
    for program in [*reversed(found), *([on_path] if on_path else [])]:
        asked = subprocess.run(  # a shim of pyenv may stand for a version that is not there
            [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            check=False,
            capture_output=True,
            text=True,
        )
        if asked.returncode == 0 and asked.stdout.strip() == version:
            return program
    return None
