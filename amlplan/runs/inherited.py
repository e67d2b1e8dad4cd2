"""Secrets that a script inherits with the environment of amlplan, to be masked in its log."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from amlplan.history_location import read_location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PASSWORD = re.compile(r"(?:^|[\s?&])password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&']+))")
"""A password as a word of a connection string, or behind the address that it is."""
_ESCAPED = re.compile(r"\\(.)")


def inherited_secrets(workspace: Path) -> tuple[str, ...]:
    """How the history of a workspace's folder is reached, and the password in it; often nothing."""
    location = read_location(workspace)
    if location is None or location.dsn.scheme != "env":
        return ()
    dsn = os.environ.get(str(location.dsn.argument), "")
    return tuple(dict.fromkeys(filter(None, (dsn, *_passwords_in(dsn)))))


def _passwords_in(dsn: str) -> Iterator[str]:
    """The password in a connection string of any form, as it stands there and as it is meant."""
    for quoted, plain in _PASSWORD.findall(dsn):
        yield quoted or plain
        yield unquote(plain) if plain else _ESCAPED.sub(r"\1", quoted)
    try:
        password = urlsplit(dsn).password or ""
    except ValueError:
        return
    yield from (password, unquote(password))
