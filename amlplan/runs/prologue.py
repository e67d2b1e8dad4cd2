"""Lines of a shell before a program, as in `module load cuda`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHELL = "bash"
"""Modules of clusters are functions of this shell."""


def after(prologue: Sequence[str], program: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs lines, then becomes the program; a line that fails ends it."""
    if not prologue:
        return program
    lines = "\n".join(["set -e", *prologue, 'exec "$@"'])
    return (SHELL, "-c", lines, SHELL, *program)
