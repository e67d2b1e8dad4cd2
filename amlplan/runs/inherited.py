"""Secrets that a script inherits with the environment of amlplan, to be masked in its log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from amlplan.history_location import read_location

if TYPE_CHECKING:
    from pathlib import Path


def inherited_secrets(workspace: Path) -> tuple[str, ...]:
    """How the history of a workspace's folder is reached, and the password in it; often nothing."""
    location = read_location(workspace)
    if location is None or location.dsn.scheme != "env":
        return ()
    dsn = os.environ.get(str(location.dsn.argument), "")
    try:
        password = urlsplit(dsn).password or ""
    except ValueError:
        password = ""
    return tuple(dict.fromkeys(filter(None, (dsn, password, unquote(password)))))
