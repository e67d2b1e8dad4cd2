"""Where amlplan keeps what is the user's: data that matters, and a cache that does not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan.provider import ProviderContext
from amlplan.registry import history

if TYPE_CHECKING:
    from amlplan.history import History


def user_folder(variable: str, default: str, macos: str) -> Path:
    """A folder of the user's by the XDG base directory rules, or macOS's own."""
    given = os.environ.get(variable)
    if given and Path(given).is_absolute():
        return Path(given) / "amlplan"
    home = Path.home()
    return home / (macos if sys.platform == "darwin" else default) / "amlplan"


def provider_context(root: Path, *, opens_history: bool = True) -> ProviderContext:
    """Where providers find things; what must not write opens no history."""
    return ProviderContext(
        root=root,
        data_folder=user_folder("XDG_DATA_HOME", ".local/share", "Library/Application Support"),
        cache_folder=user_folder("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        open_history=_opened if opens_history else _closed,
    )


def _opened(folder: Path) -> History:
    return history("sqlite", folder)


def _closed(_folder: Path) -> History:
    # A database makes files beside itself when it is opened, also for reading.
    raise HistoryError("no history is opened here, to leave every file as it is")
