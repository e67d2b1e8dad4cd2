"""Starts the server: `python -m amlplan_serve MODE` in a container, or with a configuration file.

MODE is a module of `modes`: serve, front, replica or ctl. Whatever else comes first is for the
server of a host, in `detached`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("serve", "front", "replica", "ctl")


def main(arguments: Sequence[str]) -> int:
    """Do what the mode says until that is done; the exit code."""
    if len(arguments) == 1 and arguments[0] in MODES:
        mode = import_module(f"amlplan_serve.modes.{arguments[0]}")
        code: int = mode.main()
        return code
    from amlplan_serve.modes import detached

    return detached.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
