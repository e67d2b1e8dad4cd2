"""Where amlplan keeps what is the user's: data that matters, and a cache that does not."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan.history import ServerSettings
from amlplan.history_location import read_location
from amlplan.provider import ProviderContext
from amlplan.registry import history

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.history import History
    from amlplan.history_location import HistoryLocation
    from amlplan.values import SecretReference


def user_folder(variable: str, default: str, macos: str) -> Path:
    """A folder of the user's by the XDG base directory rules, or macOS's own."""
    given = os.environ.get(variable)
    if given and Path(given).is_absolute():
        return Path(given) / "amlplan"
    home = Path.home()
    return home / (macos if sys.platform == "darwin" else default) / "amlplan"


def provider_context(
    root: Path,
    *,
    opens_history: bool = True,
    find_secret: Callable[[SecretReference], str | None] | None = None,
) -> ProviderContext:
    """Where providers find things; what must not write opens no history.

    Secrets of connections are looked for by `find_secret`, or where nobody else looks for any.
    """
    return ProviderContext(
        root=root,
        data_folder=user_folder("XDG_DATA_HOME", ".local/share", "Library/Application Support"),
        cache_folder=user_folder("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        open_history=_opened if opens_history else _closed,
        find_secret=find_secret or partial(_found_secret, root),
    )


def _found_secret(root: Path, reference: SecretReference) -> str | None:
    from amlplan.secrets import Secrets

    return Secrets(root).find(reference)


def _opened(folder: Path) -> History:
    location = read_location(folder)
    if location is None:
        return history("sqlite", folder)
    settings = ServerSettings(location.workspace, _dsn(location), Path(location.logs))
    return history(location.store, folder, settings)


def _dsn(location: HistoryLocation) -> Callable[[], str]:
    """What looks for the secret when it is used, and at most once."""
    from amlplan.secrets import Secrets, describe

    secrets = Secrets(Path(location.root))

    def find() -> str:
        found = secrets.find(location.dsn)
        if found is None:
            why = secrets.unresolved[location.dsn].why
            raise HistoryError(
                "The dsn of the history cannot be had",
                f"The history of workspace {location.workspace} is in {location.store}, which "
                f"{describe(location.dsn)} tells how to reach: {why}.",
            )
        return found

    return find


def _closed(_folder: Path) -> History:
    # A database makes files beside itself when it is opened, also for reading.
    raise HistoryError("no history is opened here, to leave every file as it is")
