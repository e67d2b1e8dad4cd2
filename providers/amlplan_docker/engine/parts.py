"""What the parts of an engine's client share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_docker.engine.calls import Calls


class Part:
    """Some of what can be asked of an engine."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls


def filter_of(labels: Mapping[str, str | None]) -> dict[str, list[str]]:
    """The filter for objects that have all of these labels; None takes any value."""
    pairs = [name if value is None else f"{name}={value}" for name, value in labels.items()]
    return {"label": pairs}
