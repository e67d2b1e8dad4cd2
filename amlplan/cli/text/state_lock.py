"""Who holds the lock of the state, as people read it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from amlplan.cli.style import visible

if TYPE_CHECKING:
    from amlplan.backend import Holder, LockStatus


def lock_text(status: LockStatus) -> str:
    """One sentence on who holds the lock."""
    holder = status.holder
    if not status.is_held:
        return "Nobody holds the lock of the state."
    if holder is None:
        return "A process that did not say who it is holds the lock of the state."
    job = f", {holder.url}" if holder.url else ""
    return visible(
        f"{holder.user} on {holder.host} holds the lock of the state since {holder.since} with "
        f"`{holder.command}` (process {holder.pid}{job})."
    )


def how_to_end(holder: Holder | None) -> str:
    """How a holder is ended in good order, and that nothing else frees the lock."""
    why = "A lock goes by itself with the process that holds it, so there is nothing to unlock."
    if holder is None:
        return f"{why} Wait until that process has ended."
    where = "" if holder.host == socket.gethostname() else f" on {visible(holder.host)}"
    job = f", or cancel the job at {visible(holder.url)}" if holder.url else ""
    return (
        f"{why} Wait until it has ended. Or end it{where} with: kill {holder.pid}{job}. It then "
        "stops in good order, and the next apply goes on where it stopped."
    )


def waiting_text(other: Holder | None) -> str:
    """That a command waits, and for whom."""
    if other is None:
        return "Waiting for the state's lock..."
    return visible(
        f"Waiting for the state's lock, held by {other.user} on {other.host} "
        f"(process {other.pid}, {other.command}, since {other.since})..."
    )
