"""Brings a revision into service beside the old one: start it, try it, switch."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan import __version__
from amlplan.errors import ProviderError
from amlplan.processes import end_process, is_running, mark_of
from amlplan_local.deployment_folder import ServerProcess
from amlplan_serve.client import (
    PortTakenError,
    RefusedError,
    RevisionFailedError,
    RevisionSpec,
    ServeError,
    ServerClient,
    ServerConfig,
    ServerUnreachableError,
)
from amlplan_serve.starting import (
    AlreadyRunningError,
    ServerStartError,
    start_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.provider import OperationHandle
    from amlplan_deployments.requests import Smoke
    from amlplan_deployments.revisions import Revision
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_serve.settings import Status

DRAIN = 30.0
"""Seconds that requests get to finish when a server ends."""
HOST = "127.0.0.1"
QUICK = 2.0
"""Seconds for a server on this host to say how it is doing."""
BEGINNING = 10.0
"""Seconds in which a server that somebody began to start, or that ends, has done so."""
SLACK = 30.0
"""Seconds that a command may take beyond what its revision may."""
SHOWN = 4000
"""Characters of a log that an error shows."""


class SmokeFailedError(ServeError):
    """A candidate answered the smoke request with another status; `said` is what it answered."""

    def __init__(self, text: str, said: str) -> None:
        super().__init__(text)
        self.said = said


@dataclass(frozen=True, slots=True)
class Rollout:
    """Works on one deployment's server; belongs inside the folder's lock. Raises ProviderError."""

    folder: DeploymentFolder

    def status(self) -> Status | None:
        """How the server is doing, None where none answers."""
        try:
            return ServerClient(str(self.folder.control), QUICK).status()
        except ServerUnreachableError:
            return None

    def is_alive(self, document: Document) -> bool:
        """Whether the server's process is there, whether it answers or not."""
        return document.server is not None and is_running(document.server.mark)

    def started(
        self, document: Document, *, port: int | None, with_keys: bool
    ) -> tuple[Document, Status]:
        """A server where none answers, at its old port or the one that is asked for."""
        self._end_silent(document)
        wanted = port or document.port or 0
        try:
            status = self._start(self._config(wanted, with_keys=with_keys))
        except PortTakenError as failure:
            raise _port_taken(wanted, chosen=port is None) from failure
        except ServerStartError as failure:
            raise ProviderError(
                "The server did not start",
                f"{failure}\n{failure.log[-SHOWN:]}".rstrip(),
            ) from failure
        return self._noted(document, status), status

    def _start(self, config: ServerConfig) -> Status:
        """Start a server; one that an interrupted command began to start counts as ours."""
        deadline = time.monotonic() + BEGINNING
        while True:
            try:
                return start_server(config)
            except AlreadyRunningError:
                status = self.status()
                if status is not None:
                    return status
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def settled(self, document: Document) -> tuple[Document, Status | None]:
        """The document with what the server really serves, durably, and how that is doing.

        A command may have been ended between the switch and writing it down.
        """
        status = self.status()
        if status is None:
            return document, None
        document = self._noted(document, status)
        if status.active is None or int(status.active.revision) == document.active:
            return document, status
        return self.folder.write(document.serving(int(status.active.revision))), status

    def renewed(self, document: Document, status: Status) -> tuple[Document, Status | None]:
        """A server of this amlplan in the place of another one's, without a failed request.

        That may be older, or gone from the disk so that it can start no worker any more. None where
        it had to end, as nothing serves there.
        """
        if status.version == __version__ and Path(status.interpreter).exists():
            return document, status
        if status.active is None or not status.active.workers_ready:
            self.stop(document)
            return document, None
        kept = self.folder.revision(int(status.active.revision))
        patience = SLACK + (float(kept.spec["startup_timeout"]) if kept is not None else 0)
        config = self._config(status.port, with_keys=bool(status.key_fingerprints))
        try:
            status = start_server(config, timeout=patience, take_over=True)
        except RevisionFailedError as failure:
            raise self._not_ready(failure) from failure
        except ServerStartError as failure:
            raise ProviderError(
                "The new server did not start",
                f"{failure} The old one serves on.\n{failure.log[-SHOWN:]}".rstrip(),
            ) from failure
        return self._noted(document, status), status

    def moved(self, document: Document, port: int) -> Document:
        """The server at another port, where it listens before it leaves the old one."""
        try:
            ServerClient(str(self.folder.control)).listen(port)
        except PortTakenError as failure:
            raise _port_taken(port, chosen=False) from failure
        except ServeError as failure:
            raise ProviderError("The port was not changed", str(failure)) from failure
        return self.folder.write(document.model_copy(update={"port": port}))

    def serve(
        self,
        document: Document,
        revision: Revision,
        secrets: Mapping[str, str],
        smoke: Smoke | None,
        operation: OperationHandle | None,
        *,
        alone: bool = False,
    ) -> Document:
        """Have a revision serve; what served before serves on wherever this fails.

        `alone` ends that one before this one starts, and starts it again where this fails.
        """
        client = ServerClient(str(self.folder.control))
        name = str(revision.number)
        if operation is not None:
            operation.check_cancelled()
            operation.progress(f"starting revision {name}")
        try:
            with self._paused(client, document) if alone else contextlib.nullcontext():
                client.load(RevisionSpec(**revision.spec), secrets)
                if smoke is not None:
                    _try(client, revision, smoke)
                client.activate(name)
        except RevisionFailedError as failure:
            raise self._not_ready(failure) from failure
        except SmokeFailedError as failure:
            raise ProviderError(
                "The smoke request failed",
                f"{failure} {self._what_serves()} It said: {failure.said}",
            ) from failure
        except ServeError as failure:
            raise ProviderError("The server did not do it", f"{failure} Apply again.") from failure
        if operation is not None:
            operation.progress(f"revision {name} serves")
        return self.folder.write(document.serving(revision.number))

    @contextlib.contextmanager
    def _paused(self, client: ServerClient, document: Document) -> Iterator[None]:
        """Have nothing serve meanwhile; what did is started again where this fails."""
        kept = self.folder.revision(document.active) if document.active else None
        limits = {} if kept is None else kept.spec
        client.pause(float(limits.get("scoring_timeout", 0)))
        try:
            yield
        except BaseException:
            with contextlib.suppress(ServeError):
                client.resume(float(limits.get("startup_timeout", 0)))
            raise

    def discard(self, revision: str) -> None:
        """End a candidate that an interrupted command left, ready or not."""
        with contextlib.suppress(ServerUnreachableError):
            ServerClient(str(self.folder.control)).discard(revision)

    def scale(self, revision: Revision, workers: int) -> None:
        """Have that many workers in the revision that serves."""
        timeout = float(revision.spec["startup_timeout"])
        try:
            ServerClient(str(self.folder.control)).scale(workers, timeout)
        except RevisionFailedError as failure:
            raise self._not_ready(failure) from failure
        except ServeError as failure:
            raise ProviderError("The workers were not changed", str(failure)) from failure

    def use_keys(self, *, with_keys: bool) -> None:
        """Have a server that runs be opened by the keys of the folder, or by everybody."""
        if self.status() is None:
            return
        path = str(self.folder.keys_path) if with_keys else None
        try:
            ServerClient(str(self.folder.control)).use_keys(path)
        except (RefusedError, ServerUnreachableError) as failure:
            raise ProviderError("The keys were not read", str(failure)) from failure

    def stop(self, document: Document) -> None:
        """End the server after what is in flight; blocks until its process is gone."""
        status = self.status()
        if status is not None:
            document = self._noted(document, status)
        with contextlib.suppress(ServeError):
            ServerClient(str(self.folder.control), QUICK).stop(DRAIN)
        if document.server is None:
            return
        deadline = time.monotonic() + DRAIN + QUICK
        while is_running(document.server.mark) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._end_silent(document)

    def _end_silent(self, document: Document) -> None:
        """End a server that is there and does not answer."""
        if document.server is not None and not end_process(document.server.mark, grace=2.0):
            raise ProviderError(
                "The server cannot be ended",
                f"Process {document.server.pid} does not answer and could not be ended. End it, "
                "then try again.",
            )

    def _not_ready(self, failure: RevisionFailedError) -> ProviderError:
        return ProviderError(
            "The new revision did not get ready",
            f"{str(failure).rstrip('.')}. {self._what_serves()} The end of its log:\n\n"
            f"{failure.log[-SHOWN:]}",
        )

    def _what_serves(self) -> str:
        status = self.status()
        if status is None or status.active is None:
            return "Nothing serves now."
        return f"Revision {status.active.revision} serves on."

    def _noted(self, document: Document, status: Status) -> Document:
        """The document with the server's process and port in it, durably."""
        mark = mark_of(status.pid)
        server = None
        if mark is not None:
            server = ServerProcess(pid=mark.pid, started=mark.started, boot=mark.boot)
        changed = document.model_copy(update={"server": server, "port": status.port})
        return document if changed == document else self.folder.write(changed)

    def _config(self, port: int, *, with_keys: bool) -> ServerConfig:
        return ServerConfig(
            host=HOST,
            control=str(self.folder.control),
            log=str(self.folder.server_log),
            port=port,
            keys=str(self.folder.keys_path) if with_keys else None,
            drain_seconds=DRAIN,
            access_log=str(self.folder.access_log),
        )


def _try(client: ServerClient, revision: Revision, smoke: Smoke) -> None:
    """Have a candidate answer the smoke request; ends it and raises for another status."""
    name = str(revision.number)
    timeout = float(revision.spec["scoring_timeout"]) + SLACK
    headers = {"content-type": "application/json"}
    status, _, body = client.score(name, smoke.body, headers, timeout)
    if status != smoke.expect_status:
        client.discard(name)
        raise SmokeFailedError(
            f"Revision {name} answered {status} and {smoke.expect_status} was expected.",
            body.decode(errors="replace")[:SHOWN],
        )


def _port_taken(port: int, *, chosen: bool) -> ProviderError:
    advice = "end what listens there, or set port" if chosen else "choose another port"
    return ProviderError(
        "The port is taken",
        f"Another process listens on port {port} of this host; {advice}, then apply again.",
    )
