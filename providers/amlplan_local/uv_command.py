"""uv as a child: what it is told, and what its complaints mean."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.children import run_child
from amlplan.errors import CanceledError, ProviderError
from amlplan_local.indexes import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from amlplan.children import Finished

_SILENCE = re.compile(
    r"dns error|connection refused|connection reset|tcp connect error|error sending request"
    r"|network is unreachable|timed out|timeout|connection closed|network was disabled"
    r"|50[0234] (?:Internal|Bad|Service|Gateway)",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"\b(?:401 Unauthorized|403 Forbidden|407 Proxy)", re.IGNORECASE)
_A_SCREEN = 1500


def find_uv() -> str:
    """The uv that came with amlplan, else the one on the PATH; raises ProviderError."""
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise ProviderError(
            "uv is missing",
            "Requirements are resolved and installed by uv, which is not installed. Install it "
            "with: pip install uv",
        )
    return found


@dataclass(frozen=True, slots=True)
class Uv:
    """uv in one folder, told everything by its variables and its arguments.

    `explain` makes an error of what uv said, which comes to it without secrets, as what
    `progress` gets does. `check` raises CanceledError where the user asked to stop.
    """

    program: str
    folder: Path
    variables: Mapping[str, str]
    timeout: float
    check: Callable[[], None]
    progress: Callable[[str], None]
    explain: Callable[[str], ProviderError]

    def run(self, arguments: Sequence[str], *, quiet: bool = False) -> Finished:
        """Run uv to its end; blocks. Raises what `explain` gives where it fails."""
        finished = run_child(
            [self.program, *arguments, "--no-config"],
            environment=self.variables,
            folder=self.folder,
            timeout=self.timeout,
            cancelled=self._cancelled,
            on_line=None if quiet else self._tell,
        )
        if finished.returncode != 0:
            raise self.explain(said_by(without_secrets(finished.stderr, self.variables)))
        return finished

    def _tell(self, line: str) -> None:
        self.progress(without_secrets(line, self.variables))

    def _cancelled(self) -> bool:
        try:
            self.check()
        except CanceledError:
            return True
        return False


def said_by(stderr: str) -> str:
    """The words in which uv says what went wrong, in one line of about a screen at most."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    start = next((i for i, line in enumerate(lines) if line.startswith(("error:", "\u00d7"))), -12)
    said = " ".join(lines[start:][:12]).removeprefix("error: ")
    return f"{said[:_A_SCREEN]} …" if len(said) > _A_SCREEN else said


def is_refused(said: str) -> bool:
    """Whether an index refused who asks."""
    return _REFUSED.search(said) is not None


def is_silent(said: str) -> bool:
    """Whether an index did not answer."""
    return _SILENCE.search(said) is not None and (
        "No solution found" not in said or "network was" in said
    )
