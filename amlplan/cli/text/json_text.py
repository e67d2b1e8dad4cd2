"""What commands print for machines."""

from __future__ import annotations

import json


def json_text(value: object) -> str:
    """A JSON document with a line for each member."""
    return json.dumps(value, indent=2, ensure_ascii=False)
