"""Where a front and the replicas of a revision meet."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


def socket_of(folder: str, revision: str) -> Path:
    """The socket at which the front waits for the replicas of a revision."""
    return Path(folder) / f"{quote(revision, safe='')}.sock"
