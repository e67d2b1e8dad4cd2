"""What is wrong with bytes that are not a state: a summary, and why."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from amlplan.wording import counted
from amlplan_schemas.state import STATE_FORMAT
from amlplan_state.snapshot import ABOUT, is_undamaged

DAMAGED = "The state file is damaged"
_SERIAL = re.compile(rb'"serial":\s*(\d{1,17})\b')
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Fault:
    """Why bytes are not a state that can be read here.

    `is_whole` tells that nothing happened to them: another tool wrote them, or a newer amlplan.
    """

    summary: str
    why: str
    is_whole: bool = False


def fault_of(name: str, text: bytes) -> Fault:
    """What is wrong with the bytes of a file that cannot be read as a state."""
    if not text:
        return Fault(
            "The state file is empty",
            f"{name} has no content. Something other than amlplan emptied it, and what it "
            "recorded still exists outside.",
        )
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if text.startswith(ABOUT) and not text.endswith(b"}\n"):
            why = f"{name} ends in the middle, after {counted(len(text), 'byte')}."
        elif text.startswith(ABOUT):
            why = f"{name} is not JSON any more."
        else:
            why = f"{name} is not JSON, so amlplan did not write it."
        return Fault(DAMAGED, why)
    return _fault_of_value(name, text, value if isinstance(value, dict) else {})


def _fault_of_value(name: str, text: bytes, value: dict[str, object]) -> Fault:
    ours = "lineage" in value and "format_version" in value
    version, writer = value.get("format_version"), value.get("tool_version")
    if ours and isinstance(version, int) and version > STATE_FORMAT:
        return Fault(
            "The state was written by a newer amlplan",
            f"{name} has format {version}, written by amlplan {writer}; this amlplan reads up to "
            f"format {STATE_FORMAT}. Use amlplan {writer} or newer, as in: pip install --upgrade "
            "amlplan.",
            is_whole=True,
        )
    if ours and not is_undamaged(text):
        return Fault(
            "The state file was changed by hand",
            f"The checksum in the first line of {name} does not fit the rest, so something other "
            "than amlplan changed it, and nothing in it can be relied on.",
        )
    if ours:
        return Fault(
            DAMAGED,
            f"{name} fits its checksum and yet has fields that this amlplan cannot read.",
        )
    whose = "a state of Terraform or OpenTofu" if "terraform_version" in value else "JSON"
    return Fault(
        "The state file is not amlplan's",
        f"{name} is {whose} that amlplan did not write, and it is left as it is.",
        is_whole=True,
    )


def claimed_serial(text: bytes) -> int:
    """The serial that the bytes of an unreadable state seem to have had, 0 where none shows."""
    found = _SERIAL.search(text[:_HEAD_BYTES])
    return int(found[1]) if found else 0
