"""Asks the service of the run, which knows what other runs and the workspace have.

It is there while the script runs, and starts with the first question.
"""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional

_SECONDS = 600.0
"""The longest wait for an answer: a model of many gigabytes is being copied meanwhile."""


class ServiceError(Exception):
    """The service cannot be asked, or refuses; the text says why. `status` is 0 or that of HTTP."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


def ask(method: str, path: str, body: "Optional[Dict[str, object]]" = None) -> "Dict[str, object]":
    """The answer to a question; raises ServiceError."""
    address = os.environ.get("AMLPLAN_RUN_SERVICE", "")
    if not address.startswith("http://"):
        raise ServiceError(
            "This needs the service of the run, and there is none: AMLPLAN_RUN_SERVICE is not set. "
            "Start the script with: amlplan run"
        )
    import http.client  # imported on use: it takes longer than all the rest

    connection = http.client.HTTPConnection(address[len("http://") :].rstrip("/"), timeout=_SECONDS)
    try:
        connection.request(method, path, _encoded(body), _headers())
        response = connection.getresponse()
        return _answer(response.status, response.read(), path)
    except (OSError, http.client.HTTPException) as failure:
        raise ServiceError(
            "The service of the run does not answer at %s: %s. It ends with its run; see the log "
            "of the run for what happened to it." % (address, failure or type(failure).__name__)
        ) from failure
    finally:
        connection.close()


def quoted(part: object) -> str:
    """A part of a path, as it stands in an address."""
    from urllib.parse import quote

    return quote(str(part), safe="")


def _headers() -> "Dict[str, str]":
    token = os.environ.get("AMLPLAN_RUN_TOKEN", "")
    return {"Authorization": "Bearer " + token, "Content-Type": "application/json"}


def _encoded(body: "Optional[Dict[str, object]]") -> "Optional[bytes]":
    return None if body is None else json.dumps(body).encode()


def _answer(status: int, content: bytes, path: str) -> "Dict[str, object]":
    try:
        answer = json.loads(content.decode("utf-8")) if content else {}
    except ValueError:
        answer = {}
    if status < 300 and isinstance(answer, dict):  # noqa: PLR2004 - what HTTP calls success
        return answer
    said = answer if isinstance(answer, dict) else {}
    words = [str(said[key]) for key in ("error", "detail") if said.get(key)]
    if len(words) == 2 and words[0].isupper():  # noqa: PLR2004 - a code, and what it means
        words = words[1:]
    text = ". ".join(word.rstrip(".") for word in words) or "%s was answered with %d" % (
        path,
        status,
    )
    raise ServiceError(text + ".", status)
