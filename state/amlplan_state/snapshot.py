"""The text of a state file: JSON whose first line holds a checksum of all that follows it.

{"about": "amlplan state; …", "sha256": "<of every byte after this line>",
 "format_version": 1,
 …
"""

from __future__ import annotations

import hashlib
import re

from pydantic_core import ValidationError, to_json

from amlplan.collector import collector_paused
from amlplan_schemas.state import STATE_FORMAT, State

ABOUT = b'{"about": "amlplan state; changes by hand are refused", "sha256": "'
_HEAD = re.compile(re.escape(ABOUT) + rb'([0-9a-f]{64})",\n')


def encode(state: State) -> bytes:
    """The text of a state, in an order that depends on its content only."""
    ordered = state.model_copy(
        update={
            name: dict(sorted(getattr(state, name).items()))
            for name in ("records", "outputs", "pending")
        }
    )
    # The brace and line end that open the body are already in the head.
    body = to_json(ordered, indent=1)[2:] + b"\n"
    return ABOUT + hashlib.sha256(body).hexdigest().encode() + b'",\n' + body


def decode(text: bytes) -> State | None:
    """The state in a text, or None for anything but an undamaged state of this format."""
    if not is_undamaged(text):
        return None
    try:
        with collector_paused():
            state = State.model_validate_json(text)
    except ValidationError:
        return None
    return state if state.format_version == STATE_FORMAT else None


def is_undamaged(text: bytes) -> bool:
    """Whether a text begins with our head and matches its checksum."""
    head = _HEAD.match(text)
    if head is None:
        return False
    return hashlib.sha256(memoryview(text)[head.end() :]).hexdigest().encode() == head[1]
