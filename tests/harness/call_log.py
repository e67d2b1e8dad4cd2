"""What a provider logs of the calls that write, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Call:
    """One call: `began` and `ended` are its places in the log; `ended` is None while it lasts."""

    name: str
    identity: str
    began: int
    ended: int | None = None
    succeeded: bool = False

    @property
    def what(self) -> tuple[str, str]:
        return self.name, self.identity


def size_of(log: Path) -> int:
    """Where the log ends now."""
    return log.stat().st_size if log.exists() else 0


def calls_of(log: Path, start: int, process: int) -> list[Call]:
    """The calls that a process made since the log ended at `start`, by when they began."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode().splitlines()
    calls: list[Call] = []
    for place, line in enumerate(lines):
        moment, name, rest = line.split(" ", 2)
        identity, _, caller = rest.rpartition(" ")
        if int(caller) != process:
            continue
        if moment == "begin":
            calls.append(Call(name, identity, place))
            continue
        open_call = next(
            call for call in calls if call.what == (name, identity) and call.ended is None
        )
        open_call.ended, open_call.succeeded = place, moment == "end"
    return calls
