"""Commands to the front of a deployment: each is one program in its container, fed by stdin.

So they reach it wherever the engine is, and what they carry stands in no argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_serve.client import ServerClient, ServerUnreachableError

if TYPE_CHECKING:
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen

QUICK = 20.0
"""Seconds for a front to say how it is doing."""


def client_of(engine: Engine, front: ContainerSeen) -> ServerClient:
    """The front that runs in a container; raises what `ServerClient` does."""
    command = (*front.entrypoint, "ctl")

    def ask(message: bytes, timeout: float) -> bytes:
        try:
            done = engine.execute(front.id, command, stdin=message, timeout=timeout)
        except ProviderError as failure:
            raise ServerUnreachableError(f"{failure.summary}. {failure.detail}") from failure
        if done.exit_code:
            said = done.stderr.decode(errors="replace").strip()
            raise ServerUnreachableError(f"The front does not answer: {said}")
        return done.stdout

    return ServerClient(ask, QUICK)
