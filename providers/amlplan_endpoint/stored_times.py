"""Times of stored documents as MLflow writes them."""

from __future__ import annotations

from datetime import datetime


def stored_milliseconds(at: str | None, default: int = 0) -> int:
    """The milliseconds of a time in a stored document; `default` where there is none."""
    if at is None:
        return default
    try:
        return int(datetime.fromisoformat(at).timestamp() * 1000)
    except ValueError:
        return default
