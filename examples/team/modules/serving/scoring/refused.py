"""An answer with a status of its own, in the form that the server takes: body, status, headers."""

import json
from dataclasses import dataclass, field

BAD_REQUEST = 400


@dataclass
class Answer:
    body: bytes
    status_code: int
    headers: dict = field(default_factory=lambda: {"Content-Type": "application/json"})


def refused(why):
    return Answer(json.dumps({"error": why}).encode(), BAD_REQUEST)
