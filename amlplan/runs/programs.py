"""The programs of a run's environment, which its commands find first."""

from __future__ import annotations

from pathlib import Path

_MARKS = ("pyvenv.cfg", "conda-meta")
"""What lies at the top of an environment of its own, made by venv or uv, or by conda."""


def programs_of(interpreter: str) -> Path | None:
    """The folder with the programs of an interpreter's environment; None where it is in none."""
    folder = Path(interpreter).absolute().parent
    return folder if any((folder.parent / mark).exists() for mark in _MARKS) else None
