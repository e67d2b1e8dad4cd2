"""A request on its way to a worker."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from amlplan_serve import frames
from amlplan_serve.frames import Frame

if TYPE_CHECKING:
    import asyncio


class Ticket:
    """A request: what is sent for it, since when it waits, and the future that gets the answer.

    `is_repeated` tells that a worker had it already and ended before it answered.
    """

    __slots__ = ("data", "future", "is_repeated", "number", "since")

    def __init__(
        self, number: int, kind: int, payload: bytes, future: asyncio.Future[Frame]
    ) -> None:
        self.number = number
        self.data = frames.frame(number, kind, payload)
        self.future = future
        self.is_repeated = False
        self.since = time.monotonic()

    def answer(self, frame: Frame) -> None:
        """Hand the answer over; somebody who left does not get it."""
        if not self.future.done():
            self.future.set_result(frame)

    def fail(self, status: int, message: str, *, in_run: bool = False) -> None:
        """Answer with a message; `in_run` tells that the script's `run` is to blame."""
        headers = [
            ["content-type", "application/json"],
            ["x-ms-run-function-failed", str(in_run)],
        ]
        body = json.dumps({"message": message}).encode()
        payload = frames.with_head({"status": status, "headers": headers, "timed": False}, body)
        self.answer(Frame(self.number, frames.ANSWER, 0, payload))
