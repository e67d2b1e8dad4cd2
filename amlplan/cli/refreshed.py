"""Lines that are replaced in place on a terminal."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from amlplan.cli.console import OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.cli.console import Console

_UP, _CLEAR = "\x1b[{0}F", "\x1b[J"
LEAST_ROWS = 4


class Refreshed:
    """A few lines at the end of the output; nothing at all where that is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: tuple[str, ...] = ()

    @property
    def is_in_place(self) -> bool:
        """Whether anything is shown."""
        return self._console.is_screen

    @property
    def room(self) -> int:
        """How many lines there is room for."""
        return max(LEAST_ROWS, shutil.get_terminal_size().lines - 2)

    def show(self, lines: Sequence[str]) -> None:
        """Put lines in the place of those before; plain text, cut to the terminal's width."""
        if not self.is_in_place:
            return
        columns = max(20, shutil.get_terminal_size().columns - 1)
        wanted = tuple(line[:columns] for line in lines[: self.room])
        if wanted != self._shown:
            with suppress(BrokenPipeError, OutputError):  # what is watched goes on all the same
                self._console.print(self._back() + "\n".join(wanted), end="\n" if wanted else "")
            self._shown = wanted

    def clear(self) -> None:
        """Take the lines away."""
        self.show(())

    def _back(self) -> str:
        return _UP.format(len(self._shown)) + _CLEAR if self._shown else ""
