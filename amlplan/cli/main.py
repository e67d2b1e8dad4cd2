"""The entry point: answers `version` and completion at once, and hands the rest to commands."""

from __future__ import annotations

import io
import os
import sys

from amlplan import __version__


def main() -> None:
    """Run the command line on the process's arguments and exit with its code."""
    _make_streams_safe()
    arguments = sys.argv[1:]
    if arguments in (["version"], ["-version"], ["--version"]):
        sys.stdout.write(f"amlplan {__version__}\n")
        return
    if arguments[:2] == ["completion", "words"]:
        from amlplan.cli.completion.words import print_candidates

        print_candidates(arguments[2:])
        return
    from amlplan.cli.app import run

    sys.exit(run(arguments))


def _make_streams_safe() -> None:
    """Give a closed stream somewhere to go, and let no character be too much for an encoding."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives on
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - the same
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
