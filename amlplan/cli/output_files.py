"""Files that a command is asked to write: never those that a project lives on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFIGURATION = (".hcl", ".hcl.json", ".amlvars", ".amlvars.json")
_LOCK_FILE = "amlplan.lock"
_BESIDE = (".journal", ".lock", ".new")
"""The files that lie beside a state, by the end of their names."""
_STATE_BEGINS = b'{"about": "amlplan state'


class OutputFile(click.ParamType[str]):
    """The name of a file to write, which may be no file that amlplan reads."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it was given; fails for what would be lost by writing there."""
        if not value:
            self.fail("it needs the name of a file.", param, ctx)
        what = _what_it_is(Path(value))
        if what is not None:
            self.fail(f"{value} is {what}, and would be lost. Name another file.", param, ctx)
        return value


def _what_it_is(path: Path) -> str | None:
    """What a file is to a project; None for any other."""
    if path.name.endswith(_CONFIGURATION):
        return "a file of configuration"
    if path.name == _LOCK_FILE:
        return "what the outside was resolved to"
    if any(_is_state(state) for state in _states_beside(path)):
        return "part of a state"
    return None


def _states_beside(path: Path) -> Iterator[Path]:
    """The files that would be the state if this one is part of it."""
    yield path
    for end in _BESIDE:
        if path.name.endswith(end):
            yield path.with_name(path.name.removesuffix(end))
    if path.parent.name.endswith(".history"):
        yield path.parent.with_name(path.parent.name.removesuffix(".history"))


def _is_state(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_STATE_BEGINS)) == _STATE_BEGINS
    except OSError:
        return False
