"""Outputs as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.text.values import SENSITIVE_TEXT, whole_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.state import StateOutput


def outputs_text(outputs: Mapping[str, StateOutput]) -> str:
    """One line per output, or more where its value has them; sensitive ones are not shown."""
    width = max(len(name) for name in outputs)
    return "\n".join(
        f"{name:<{width}} = "
        + (
            SENSITIVE_TEXT
            if output.secret is not None
            else whole_value(output.value, 0, " ", full=True)
        )
        for name, output in sorted(outputs.items())
    )
