"""How a script ended in its container, for the supervisor of its run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from amlplan.files import encode, write_file

if TYPE_CHECKING:
    from pathlib import Path

NAME = "ending.json"
"""The file in a run's folder that the supervisor reads."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one attempt: the script's exit code, None where it had none.

    `reason` is told where the code alone says too little. `is_out_of_memory` tells that the kernel
    killed the script for lack of memory. `filled` names what has something in it at the top of
    the working folder, where that is known.
    """

    attempt: int
    code: int | None
    reason: str | None = None
    is_out_of_memory: bool = False
    filled: tuple[str, ...] | None = None

    def write(self, folder: Path) -> None:
        """Tell it; raises ProviderError."""
        write_file(folder / NAME, encode(asdict(self)))
