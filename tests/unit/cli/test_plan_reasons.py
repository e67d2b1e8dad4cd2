"""Why something happens, in the summary of a plan."""

from __future__ import annotations

import pytest

from amlplan.cli.text.plan import _why
from amlplan_schemas.plan import Action, Operation, Reason


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (None, "because it was changed outside of amlplan"),
        (
            "content unchanged (same 6 inputs)",
            "because it was changed outside of amlplan; content unchanged (same 6 inputs)",
        ),
    ],
)
def test_drift_is_told_before_what_a_provider_notes(note: str | None, text: str) -> None:
    operation = Operation(
        address="image.scorer",
        kind="image",
        name="scorer",
        provider="p",
        action=Action.UPDATE,
        reason=Reason.DRIFTED,
        generation=1,
        note=note,
    )
    assert _why(operation) == text
