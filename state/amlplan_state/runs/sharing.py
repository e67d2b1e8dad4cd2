"""Puts the logs of runs that ended where other hosts see them."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def share_log(log: Path, folder: Path, run_id: str) -> bool:
    """Copy a log, whole; whether it is there now. May be repeated, and is cheap then.

    A folder that cannot be written is no failure of the history: a later look tries again.
    """
    target = folder / f"{run_id}.txt"
    part = folder / f".{run_id}.{uuid.uuid4().hex}"
    try:
        if not log.exists():
            return True  # it never printed anything: it was not started
        if target.exists() and target.stat().st_size == log.stat().st_size:
            return True
        shutil.copyfile(log, part)
        part.replace(target)
    except OSError:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True
