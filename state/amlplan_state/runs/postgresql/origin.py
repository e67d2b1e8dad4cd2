"""Which folder of runs this is, among those whose event files one database has."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING

from amlplan_state.runs.database import make_folder, sync_folder

if TYPE_CHECKING:
    from amlplan_state.runs.layout import Layout

NAME = "origin"


def origin_of(layout: Layout) -> str:
    """The mark of the folder, made where it is missing; "" where it cannot be. Raises OSError."""
    path = layout.history / NAME
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    if not os.access(layout.history if layout.history.exists() else layout.folder, os.W_OK):
        return ""
    make_folder(layout)
    made = layout.history / f"{NAME}.{uuid.uuid4().hex}"
    try:
        with made.open("x", encoding="ascii") as file:
            file.write(f"{uuid.uuid4().hex}\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)  # whole, and never over another's
    finally:
        made.unlink(missing_ok=True)
    sync_folder(layout.history)
    return path.read_text(encoding="ascii").strip()
