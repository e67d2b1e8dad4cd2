"""Where the history of a workspace is kept that is not in its folder: a note in that folder.

It has the reference to the secret that tells how the server is reached, never the secret.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan.files import encode, write_file
from amlplan.values import SecretReference

if TYPE_CHECKING:
    from pathlib import Path

NAME = "history.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class HistoryLocation:
    """A store of histories, the name of the workspace in it, and where its dsn is found.

    `root` is the folder where a relative path of the secret starts, `logs` the one where hosts
    put the logs of runs that ended, for each other.
    """

    store: str
    workspace: str
    dsn: SecretReference
    root: str
    logs: str


def write_location(folder: Path, location: HistoryLocation) -> None:
    """Write the note into a workspace's folder; durable on return. Raises ProviderError."""
    write_file(folder / NAME, encode({"format_version": _FORMAT, **asdict(location)}))


def read_location(folder: Path) -> HistoryLocation | None:
    """The note in a workspace's folder, None for a history in the folder; raises HistoryError."""
    path = folder / NAME
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise HistoryError(
            "A file of the history cannot be used",
            f"{path}: {failure.strerror}. See who may read it, then try again.",
        ) from failure
    except ValueError:
        raise _broken(path) from None
    try:
        if found["format_version"] > _FORMAT:
            raise HistoryError(
                "The history was written by a newer amlplan",
                f"{path} has format {found['format_version']}, and this amlplan knows {_FORMAT}. "
                "Use the newer amlplan.",
            )
        argument = found["dsn"]["argument"]
        argument = tuple(argument) if isinstance(argument, list) else str(argument)
        dsn = SecretReference(str(found["dsn"]["scheme"]), argument)
        words = {name: str(found[name]) for name in ("store", "workspace", "root", "logs")}
        return HistoryLocation(dsn=dsn, **words)
    except (KeyError, TypeError):
        raise _broken(path) from None


def _broken(path: Path) -> HistoryError:
    return HistoryError(
        "A file of the history is broken",
        f"{path} is not what amlplan wrote. Remove it and apply the workspace again: it is made "
        "anew, from the configuration.",
    )
