#!/usr/bin/env python3
"""Pins what the scoring server needs, for every Python that it runs under; needs a package index.

Prints providers/amlplan_serve/requirements.txt, or writes it with -write. What is pinned there
already stays, where it still fits; -upgrade takes the newest.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "providers" / "amlplan_serve" / "requirements.txt"
NAMES = ("httptools", "prometheus-client", "uvicorn", "uvloop")
OLDEST = "3.8"


def needed() -> list[str]:
    """The requirements of the project that are the server's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [item for item in project["dependencies"] if item.startswith(NAMES)]
    if len(found) != len(NAMES):
        raise SystemExit(f"pyproject.toml has {found}, and not one of each of {NAMES}")
    return found


def locked(*, upgrade: bool) -> str:
    """All that these requirements need, with hashes."""
    options = ("--universal", "--python-version", OLDEST, "--generate-hashes")
    quiet = ("--no-header", "--no-annotate", "--no-emit-index-url", "--quiet")
    # uv reads what is pinned from the file that it would write.
    before = [] if upgrade or not PATH.exists() else ["--constraint", str(PATH)]
    done = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", *options, *quiet, *before, "-"],
        input="\n".join(needed()),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


if __name__ == "__main__":
    text = locked(upgrade="-upgrade" in sys.argv[1:])
    if "-write" in sys.argv[1:]:
        PATH.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
