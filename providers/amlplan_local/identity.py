"""The identity of this host and user, by which records made elsewhere are recognised."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.children import run_child
from amlplan.errors import ProviderError
from amlplan.files import failure_at, make_folder, write_new
from amlplan.provider import Unreachable

if TYPE_CHECKING:
    from amlplan.provider import ProviderContext

MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
MADE_ID = "machine-id"


def host_identity(context: ProviderContext) -> str:
    """The identity of host and user; one is made where the system gives none."""
    return known_identity(context) or _digest(_made_id(context.data_folder))


def known_identity(context: ProviderContext) -> str | None:
    """The identity of host and user, or None where none was made yet; changes nothing."""
    found = machine_id() or _read_id(context.data_folder / MADE_ID)
    return _digest(found) if found else None


def elsewhere(recorded: object, context: ProviderContext) -> Unreachable | None:
    """Why a record of this identity cannot be looked at from here; None where it can be."""
    if recorded is None or recorded == known_identity(context):
        return None
    return Unreachable(
        "recorded on another host or by another user. Run amlplan there, or as that user; what "
        "lies there cannot be seen from here."
    )


@cache
def machine_id() -> str | None:
    """The identity that the operating system gives this machine, where it gives one."""
    for path in MACHINE_ID_FILES:
        found = _read_id(path)
        if found:
            return found
    return _platform_uuid() if sys.platform == "darwin" else None


def _platform_uuid() -> str | None:
    try:
        finished = run_child(
            ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"], timeout=10
        )
    except ProviderError:
        return None
    match = re.search(r'"IOPlatformUUID"\s*=\s*"([^"]+)"', finished.stdout)
    return match[1] if match else None


def _read_id(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return text if text and text != "uninitialized" else None


def _made_id(folder: Path) -> str:
    make_folder(folder)
    path = folder / MADE_ID
    made = secrets.token_hex(16)
    if write_new(path, f"{made}\n".encode()):
        return made
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as failure:
        if isinstance(failure, OSError):
            raise failure_at(path, "read", failure) from failure
        raise ProviderError(
            "The made machine identity is broken",
            f"{path} holds no text. Delete it, then try again.",
        ) from failure


def _digest(machine: str) -> str:
    text = f"amlplan host\0{machine}\0{os.getuid()}"
    return "host:" + hashlib.sha256(text.encode()).hexdigest()[:32]
