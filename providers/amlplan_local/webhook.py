"""Tells somebody elsewhere, once, that a run ended: a POST of JSON to a URL that is a secret."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from amlplan.files import write_file, write_new

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOTE = "webhook.json"
"""The file in a run's folder that tells what came of it."""
TRIES = 3
TIMEOUT = 5.0
"""Seconds without a word after which a try is over."""
LONGEST = 10.0
"""Seconds that one try may take in all: an answer may come by single letters."""
_REFUSED, _FAILED = 300, 500
BETWEEN = 1.0
"""Seconds before the second try, and twice as many before the third."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: that would be another place than was named, by another method."""

    def redirect_request(self, *_arguments: Any, **_values: Any) -> None:
        return None


def notify(folder: Path, webhook: Mapping[str, Any], ending: Mapping[str, Any]) -> None:
    """Post how a run ended, where its webhook wants to know that, and note what came of it.

    `ending` has `status`, `reason` and `exit_code`. Blocks for some seconds at most. The note, in
    the run's folder, is there before anything is sent, never has the URL, and keeps another call
    from telling it again. Raises ProviderError where there can be no note: then nothing is sent.
    """
    if str(ending["status"]).lower() not in webhook["on"]:
        return
    note = {"status": ending["status"], "at": time.time(), "result": "being sent"}
    if not write_new(folder / NOTE, json.dumps(note).encode()):
        return
    told = {**note, "result": _result(webhook, ending)}
    write_file(folder / NOTE, json.dumps(told).encode())


def _result(webhook: Mapping[str, Any], ending: Mapping[str, Any]) -> str:
    """What came of it, in words."""
    body = json.dumps({"event": "run_ended", **webhook["body"], **ending}).encode()
    why = ""
    for attempt in range(TRIES):
        time.sleep(BETWEEN * attempt)
        try:
            status = _post(str(webhook["url"]), body, str(webhook["body"]["run"]))
            if status < _REFUSED:
                return f"sent: {status}"
            why = f"the answer was {status}"
            if status < _FAILED:  # the request is refused, and would be again
                break
        except urllib.error.URLError as failure:
            why = getattr(failure.reason, "strerror", None) or type(failure.reason).__name__
        except (OSError, ValueError, http.client.HTTPException) as failure:
            # It may have arrived: told once more, it might be told twice.
            why = type(failure).__name__
            break
    return f"not sent: {why}"


def _post(url: str, body: bytes, key: str) -> int:
    """Post once; the status of the answer. Takes no longer than LONGEST, whatever comes back."""
    said: list[int | Exception] = []

    def ask() -> None:
        try:
            said.append(_answered(url, body, key))
        except Exception as failure:  # noqa: BLE001 - raised again below
            said.append(failure)

    asking = threading.Thread(target=ask, daemon=True)  # of an answer that never ends
    asking.start()
    asking.join(LONGEST)
    if not said:
        raise TimeoutError
    answer = said.pop()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _answered(url: str, body: bytes, key: str) -> int:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "amlplan",
        "Idempotency-Key": key,
    }
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - http only
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as failure:
        with failure:
            return failure.code
