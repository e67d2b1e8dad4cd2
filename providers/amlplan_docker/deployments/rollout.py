"""Brings a revision into service beside the old one: start it, try it, switch, drain."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.deployments.serving import served_spec, upstreams_of
from amlplan_serve.client import RevisionFailedError, ServeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from amlplan.provider import OperationHandle
    from amlplan_deployments.requests import Smoke
    from amlplan_deployments.revisions import Revision
    from amlplan_docker.deployments.replicas import Replicas
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_serve.client import ServerClient

LOOK = 0.3
"""Seconds between two looks at containers that start."""
SLACK = 30.0
"""Seconds that a command may take beyond what its revision may."""
SHOWN = 4000
"""Characters of an answer that an error shows."""


class ReplicaEndedError(ServeError):
    """A replica's process ended before it was ready."""


class SmokeFailedError(ServeError):
    """A candidate answered the smoke request with another status."""


class CandidateFailedError(Exception):
    """A candidate failed and is gone; `lines` are the end of what its replicas wrote.

    `hint` says more of how it ended, where that may be known.
    """

    def __init__(self, cause: ServeError, lines: str, hint: str) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.lines = lines
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Rollout:
    """Works on what one front serves. Raises ProviderError, and what served before serves on."""

    client: ServerClient
    replicas: Replicas

    def serve(
        self,
        revision: Revision,
        count: int,
        secrets: Mapping[str, str],
        smoke: Smoke | None,
        operation: OperationHandle | None,
        alone: Revision | None = None,
    ) -> None:
        """Have a revision serve with so many replicas; what served before has ended then.

        With `alone`, which is what serves, that one ends before this one starts, and is started
        again where this fails.
        """
        name = str(revision.number)
        if operation is not None:
            operation.check_cancelled()
            operation.progress(f"starting revision {name}")
        self.replicas.require_image(revision)
        try:
            with contextlib.nullcontext() if alone is None else self._paused(alone):
                self._begun(revision, count, secrets, smoke, operation)
        except CandidateFailedError as failure:
            raise self._explained(failure) from failure.cause
        if operation is not None:
            operation.progress(f"revision {name} serves")

    def _begun(
        self,
        revision: Revision,
        count: int,
        secrets: Mapping[str, str],
        smoke: Smoke | None,
        operation: OperationHandle | None,
    ) -> None:
        """Start a candidate, try it and switch to it; it is gone again where that fails."""
        try:
            self._loaded(revision, count, secrets, operation)
            if smoke is not None:
                self._tried(revision, smoke)
            self.client.activate(str(revision.number))
        except ServeError as failure:
            lines = self.replicas.last_lines(revision.number)
            self._dropped(revision)
            raise CandidateFailedError(
                failure, lines, memory_hint(revision, f"{failure}")
            ) from failure
        except BaseException:
            self._dropped(revision)
            raise

    def drained(self, revision: Revision, before: Revision | None) -> None:
        """Wait until the revision before has answered what it had, then take its replicas away."""
        longest = 0.0 if before is None else float(before.spec["scoring_timeout"])
        deadline = time.monotonic() + longest + SLACK
        with contextlib.suppress(ServeError):
            while self.client.status().draining and time.monotonic() < deadline:
                time.sleep(LOOK)
        self.replicas.remove_others(frozenset({revision.number}))

    def scaled(self, revision: Revision, count: int, secrets: Mapping[str, str]) -> None:
        """Have so many replicas of the revision that serves, each as it should be."""
        patience = float(revision.spec["startup_timeout"])
        upstreams = upstreams_of(revision, count, self.replicas.where)
        try:
            self.replicas.renew(revision, count, secrets, lambda name: self._came(name, patience))
            self._while_starting(
                lambda: self.client.scale(count, patience, upstreams or None),
                lambda: self.replicas.ensure(revision, count, secrets),
                revision,
                None,
            )
        except ServeError as failure:
            raise ProviderError(
                "The replicas were not changed",
                f"{str(failure).rstrip('.')}. {self._what_serves()} The end of a replica's log:"
                f"\n\n{self.replicas.last_lines(revision.number)}",
            ) from failure

    def _loaded(
        self,
        revision: Revision,
        count: int,
        secrets: Mapping[str, str],
        operation: OperationHandle | None,
    ) -> None:
        """Have the replicas of a candidate ready, or raise as soon as one of them ended."""
        spec = served_spec(revision, count, self.replicas.where)
        self._while_starting(
            lambda: self.client.load(spec, {}),
            lambda: self.replicas.ensure(revision, count, secrets),
            revision,
            operation,
        )

    def _while_starting(
        self,
        command: Callable[[], None],
        containers: Callable[[], None],
        revision: Revision,
        operation: OperationHandle | None,
    ) -> None:
        """Let the front wait for replicas while they are made; one that ended ends the waiting."""
        before = {item.id: item.restart_count for item in self.replicas.seen()}
        with ThreadPoolExecutor(1, thread_name_prefix="front") as pool:
            waiting = pool.submit(command)
            try:
                containers()
                while not wait([waiting], timeout=LOOK).done:
                    if operation is not None:
                        operation.check_cancelled()
                    self._refuse_ended(revision, before)
            except BaseException:
                self._given_up(waiting, revision)
                raise
            waiting.result()

    def _given_up(self, waiting: Future[None], revision: Revision) -> None:
        """Have the front wait no longer; it may only be about to begin, so it is told again."""
        with contextlib.suppress(ServeError):
            self.client.discard(str(revision.number))
            while not wait([waiting], timeout=LOOK).done:
                self.client.discard(str(revision.number))

    def _refuse_ended(self, revision: Revision, before: Mapping[str, int]) -> None:
        ended = self.replicas.broken(revision.number, before)
        if ended is not None:
            raise ReplicaEndedError(how_it_ended(ended))

    def _came(self, name: str, patience: float) -> None:
        """Wait until the front has a replica that was made again; raises for one that ended."""
        deadline = time.monotonic() + patience
        while not self._is_ready(name):
            seen = self.replicas.engine.container(name)
            if seen is not None and (seen.restart_count or seen.state in ("exited", "dead")):
                raise ReplicaEndedError(how_it_ended(seen))
            if time.monotonic() > deadline:
                raise ReplicaEndedError(f"{name} was not ready after {patience:.0f} s")
            time.sleep(LOOK)

    def _is_ready(self, name: str) -> bool:
        active = self.client.status().active
        return active is not None and any(
            item.name == name and item.ready for item in active.replicas
        )

    def _tried(self, revision: Revision, smoke: Smoke) -> None:
        """Have a candidate answer the smoke request; raises for another status."""
        name = str(revision.number)
        timeout = float(revision.spec["scoring_timeout"]) + SLACK
        headers = {"content-type": "application/json"}
        status, _, body = self.client.score(name, smoke.body, headers, timeout)
        if status != smoke.expect_status:
            raise SmokeFailedError(
                f"Revision {name} answered {status} and {smoke.expect_status} was expected. It "
                f"said: {body.decode(errors='replace')[:SHOWN]}"
            )

    @contextlib.contextmanager
    def _paused(self, revision: Revision) -> Iterator[None]:
        """Have nothing serve meanwhile; what did is started again where this fails."""
        self.client.pause(float(revision.spec["scoring_timeout"]))
        self.replicas.stop_revision(revision.number)
        try:
            yield
        except BaseException:
            self.replicas.start_revision(revision.number)
            with contextlib.suppress(ServeError):
                self.client.resume(float(revision.spec["startup_timeout"]))
            raise

    def _explained(self, failed: CandidateFailedError) -> ProviderError:
        """What went wrong, what serves now, and the end of the log of the replicas."""
        failure = failed.cause
        what = f"{str(failure).rstrip('.')}. {failed.hint}{self._what_serves()}"
        if isinstance(failure, SmokeFailedError):
            log = f" The end of its log:\n\n{failed.lines}" if failed.lines else ""
            return ProviderError("The smoke request failed", f"{what}{log}")
        log = failed.lines
        if isinstance(failure, RevisionFailedError):
            log = log or failure.log[-SHOWN:]
        elif not isinstance(failure, ReplicaEndedError):
            return ProviderError("The front did not do it", f"{what} Apply again.\n\n{log}")
        return ProviderError(
            "The new revision did not get ready", f"{what} The end of its log:\n\n{log}"
        )

    def _dropped(self, revision: Revision) -> None:
        """Take a candidate away, unless it serves after all."""
        with contextlib.suppress(ServeError):
            self.client.discard(str(revision.number))
            active = self.client.status().active
            if active is not None and int(active.revision) == revision.number:
                return
        self.replicas.remove_revision(revision.number)

    def _what_serves(self) -> str:
        with contextlib.suppress(ServeError):
            active = self.client.status().active
            if active is not None:
                return f"Revision {active.revision} serves on."
        return "Nothing serves now."


def memory_hint(revision: Revision, told: str) -> str:
    """What a kill by the kernel means for a replica whose memory is limited; else nothing."""
    limit = revision.spec["memory"]
    if limit is None or "SIGKILL" not in told:
        return ""
    return (
        "So the kernel ends a process that needs more memory than its limit, which is "
        f"memory = {limit:,} bytes here. "
    )


def how_it_ended(container: ContainerSeen) -> str:
    """How the process of a replica ended, in words."""
    if container.oom_killed:
        limit = "" if container.memory is None else f" of {container.memory:,} bytes"
        return f"{container.name} needed more memory than its limit{limit}"
    if container.error:
        return f"{container.name} could not be started: {container.error}"
    return f"{container.name} ended with exit code {container.exit_code} before it was ready"
