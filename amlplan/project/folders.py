"""Where amlplan keeps what is the user's: data that matters, and a cache that does not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from amlplan.provider import ProviderContext
from amlplan.registry import history


def user_folder(variable: str, default: str, macos: str) -> Path:
    """A folder of the user's by the XDG base directory rules, or macOS's own."""
    given = os.environ.get(variable)
    if given and Path(given).is_absolute():
        return Path(given) / "amlplan"
    home = Path.home()
    return home / (macos if sys.platform == "darwin" else default) / "amlplan"


def provider_context(root: Path) -> ProviderContext:
    """Where providers find things."""
    return ProviderContext(
        root=root,
        data_folder=user_folder("XDG_DATA_HOME", ".local/share", "Library/Application Support"),
        cache_folder=user_folder("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        open_history=lambda folder: history("sqlite", folder),
    )
