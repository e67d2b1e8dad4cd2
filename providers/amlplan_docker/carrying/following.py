"""Follows the script of a container to its end, whatever happens to the way there."""

from __future__ import annotations

import json
import queue
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from amlplan.errors import ProviderError, UnreachableError
from amlplan_docker.carrying.output import say
from amlplan_docker.carrying.remains import ended_from_outside, ending_in, remains_of
from amlplan_docker.carrying.service import Connections
from amlplan_docker.carrying.task import INSIDE
from amlplan_docker.engine.failures import ConflictError, NotThereError, RefusedError
from amlplan_docker.inside.frames import BrokenError, Frames, frame
from amlplan_docker.inside.runner import SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan_docker.carrying.away import Away
    from amlplan_docker.carrying.container import RunContainer
    from amlplan_docker.carrying.ending import Ending
    from amlplan_docker.carrying.mirror import Mirror
    from amlplan_docker.carrying.output import Output
    from amlplan_docker.carrying.paths import Paths
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.conversations import Conversation
    from amlplan_docker.engine.seen import ContainerSeen

Given = TypeVar("Given")
RELAY = ("-E", "-s", "-S", f"{INSIDE}/inside/amlplan_docker/inside/relay.py", f"{INSIDE}/{SOCKET}")
SILENT, LOST = 15.0, 60.0
"""Seconds without a sign of life after which the run does not respond, and is connected anew."""
AGAIN = 1.0
"""Seconds between two tries to reach what is out of reach, and between two looks."""


class Follower:
    """One attempt, from its start to its end. `service` is the address of the run's service."""

    def __init__(
        self,
        engine: Engine,
        container: RunContainer,
        folder: Path,
        interpreter: str,
        attempt: int,
        service: str,
        parts: tuple[Output, Mirror, Paths, Away],
    ) -> None:
        self._engine, self._container, self._folder = engine, container, folder
        self._relay = (interpreter, *RELAY)
        self._attempt, self._service = attempt, service
        self._output, self._mirror, self._paths, self._away = parts
        self._heard: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ending: Ending | None = None
        self.is_to_end = self._is_told = False
        signal.signal(signal.SIGTERM, self._end)

    def follow(self) -> Ending:
        """Pass on everything until the script ended; blocks. Raises ProviderError, OSError."""
        while True:
            self._listen()
            if self._ending is not None:
                return self._ending
            seen = self._look()
            if seen is None or not seen.is_running:
                return self._end_of(seen)
            self._wait(AGAIN / 4)

    def _end(self, *_: object) -> None:
        self.is_to_end = True
        self._heard.put(None)

    def _listen(self) -> None:
        """Talk to the runner until the script ended, or the way to it."""
        self._heard = queue.SimpleQueue()
        try:
            talk = self._engine.converse(self._container.name, self._relay, self._heard.put)
        except (ConflictError, NotThereError, UnreachableError, RefusedError):
            return
        connections = Connections(self._service, self._paths, talk.say)
        try:
            had = {"output": self._output.offset, "files": self._mirror.had()}
            talk.say(frame(b"h", 0, json.dumps(had).encode()))
            self._take_all(talk, connections)
        except BrokenError as failure:
            say(f"what came from the container cannot be read: {failure}")
        finally:
            connections.close()
            talk.close()

    def _take_all(self, talk: Conversation, connections: Connections) -> None:
        frames = Frames()
        heard_at = time.monotonic()
        while self._ending is None:
            self._tell_if_asked()
            data = self._next()
            if data:
                self._away.back()
                heard_at = time.monotonic()
                for kind, number, payload in frames.take(data):
                    self._take(kind, number, payload, connections)
                offset = self._output.due()
                if offset is not None:
                    talk.say(frame(b"a", 0, str(offset).encode()))
            elif data == b"" or self._is_lost(time.monotonic() - heard_at):
                return
        talk.say(frame(b"k"))

    def _take(self, kind: bytes, number: int, payload: bytes, connections: Connections) -> None:
        if kind == b"o":
            self._output.take(number, payload)
        elif kind in (b"n", b"f", b"t"):
            self._mirrored(kind, number, payload)
        elif kind in (b"c", b"d", b"x"):
            connections.take(kind, number, payload)
        elif kind == b"e":
            self._ending = ending_in(json.loads(payload), self._attempt)

    def _mirrored(self, kind: bytes, number: int, payload: bytes) -> None:
        """Add to a file; on a full disk the script goes on, and what it records waits there."""
        has_said = False
        while True:
            try:
                self._mirror.take(kind, number, payload)
            except OSError as failure:
                if not has_said:
                    say(f"what the script records cannot be kept, and waits: {failure.strerror}")
                has_said = True
                self._tell_if_asked()
                if self.is_to_end:
                    raise
                time.sleep(AGAIN)
            else:
                return

    def _next(self) -> bytes | None:
        """What was heard next; None where a second passed, or a signal came."""
        try:
            return self._heard.get(timeout=AGAIN)
        except queue.Empty:
            return None

    def _is_lost(self, seconds: float) -> bool:
        """Whether the way to a runner is lost that gave no sign of life for so long."""
        if seconds < SILENT:
            return False
        seen = self._look()
        if seen is None or not seen.is_running:
            return True
        why = "its container is paused" if seen.state == "paused" else "it gives no sign of life"
        self._away.gone(why)
        return seconds > LOST and seen.state != "paused"

    def patiently(self, work: Callable[[], Given]) -> Given:
        """Do what may be repeated, as soon as the engine can be reached; blocks until then.

        Raises UnreachableError where the run is to end.
        """
        while True:
            try:
                return work()
            except UnreachableError as failure:
                if self.is_to_end and self._is_told:
                    raise
                self._away.gone(failure.detail)
                self._wait(AGAIN)

    def _look(self) -> ContainerSeen | None:
        """The container as it is, as soon as its engine can be reached."""
        seen = self.patiently(self._container.seen)
        if seen is None or seen.state != "paused":
            self._away.back()
        return seen

    def _wait(self, seconds: float) -> None:
        self._tell_if_asked()
        time.sleep(seconds)

    def _tell_if_asked(self) -> None:
        """Have the script ended where this process was told to."""
        if self.is_to_end and not self._is_told:
            with suppress(ProviderError):  # it is tried again
                self._container.tell()
                self._is_told = True

    def _end_of(self, seen: ContainerSeen | None) -> Ending:
        """How a script ended whose container does not run any more."""
        if seen is None:
            return ended_from_outside(seen, self._attempt)
        parts = (self._container, self._attempt, self._folder, self._output, self._mirror)
        return self.patiently(lambda: remains_of(*parts)) or ended_from_outside(seen, self._attempt)
