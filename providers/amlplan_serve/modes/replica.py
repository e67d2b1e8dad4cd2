"""`replica`: keeps a worker at the disposal of the front, which it looks for as long as it takes.

Ends when asked to, and with an exit code of 1 where the script cannot be served: its traceback is
the last that was written then.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan import __version__
from amlplan.masking import forms_of
from amlplan_serve.container import Variables, read_secrets, script_environment
from amlplan_serve.front_link import FrontLink, UnwelcomeError
from amlplan_serve.image import UnusableImageError, read_image
from amlplan_serve.init import under_init
from amlplan_serve.meeting import socket_of
from amlplan_serve.model_view import PLACE, versions_in, view_of_models
from amlplan_serve.replica_worker import End, ReplicaWorker
from amlplan_serve.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two attempts to reach the front."""
LONGEST_BACKOFF = 30.0
ENOUGH = 10.0
"""Seconds of life after which the death of a worker is no longer one of a series."""
DRAIN = 60
"""Seconds for what is in flight when the replica is asked to end."""
LARGEST_MANIFEST = 4 * 1024 * 1024


def main() -> int:
    """Be a replica until asked to end; the exit code."""
    return under_init(_main)


def _main() -> int:
    try:
        return ReplicaMode(os.environ).run()
    except (UnusableImageError, UnwelcomeError) as failure:
        sys.stderr.write(f"amlplan: {failure}\n")
        return 1


class ReplicaMode:
    """One replica; raises UnusableImageError where its container cannot be one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        variables = Variables(environment)
        self._name = variables.text("REPLICA", os.uname().nodename)
        revision = variables.text("REVISION", "")
        if not revision:
            raise UnusableImageError("AMLPLAN_REVISION does not say for which revision this is.")
        self._path = socket_of(variables.link, revision)
        self._drain = float(variables.number("DRAIN", DRAIN))
        self._image = read_image(variables.root)
        secrets = variables.text("SECRETS", str(variables.root / "secrets.json"))
        self._secrets = read_secrets(Path(secrets))
        self._forms = {form for secret in self._secrets.values() for form in forms_of(secret)}
        versions = versions_in(variables.text("MODEL_VERSIONS", ""))
        view = view_of_models(self._image, versions, variables.text("MODEL_VIEW", PLACE))
        self._environment = script_environment(self._image, view)
        self._signals = Signals()
        self._worker: ReplicaWorker | None = None

    def run(self) -> int:
        """Have one front after the other served; raises UnwelcomeError."""
        try:
            return self._run()
        finally:
            self._let_worker_go()

    def _run(self) -> int:
        deaths = 0
        while True:
            link = self._connected()
            if link is None:
                return 0
            started = time.monotonic()
            end = self._serve(link)
            link.close()
            if end in (End.FAILED, End.ASKED):
                return 1 if end is End.FAILED else 0
            if end is End.DIED:
                self._let_worker_go()
            is_early = end is End.DIED and time.monotonic() - started < ENOUGH
            deaths = deaths + 1 if is_early else 0
            if deaths:
                self._signals.wait(min(0.1 * 2**deaths, LONGEST_BACKOFF))

    def _connected(self) -> FrontLink | None:
        """A connection that the front takes; none once the end was asked for."""
        pause = SHORTEST_PAUSE
        while not self._signals.asked_to_end:
            try:
                return FrontLink(self._path, self._greeting())
            except OSError as failure:
                self._signals.wait(pause)
                if pause < LONGEST_PAUSE <= 2 * pause:
                    sys.stderr.write(f"amlplan: no front at {self._path} yet: {failure}\n")
                pause = min(pause * 2, LONGEST_PAUSE)
        return None

    def _serve(self, link: FrontLink) -> End:
        """Serve a front, by the worker that there is where it can be had."""
        worker = self._worker
        if worker is not None and (link.is_afresh or not worker.goes_over(link)):
            self._let_worker_go()
        if self._worker is None:
            self._worker = self._started(link)
        return self._worker.watch(link, self._signals, self._leave, self._drain)

    def _started(self, link: FrontLink) -> ReplicaWorker:
        try:
            return ReplicaWorker(self._image, self._environment, self._secrets, self._forms, link)
        except OSError as failure:
            raise UnusableImageError(f"a worker cannot be started: {failure}") from failure

    def _let_worker_go(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _leave(self) -> None:
        """Ask the front to send nothing more; without a front nothing comes anyway."""
        try:
            FrontLink(self._path, {"replica": self._name, "leaving": True}).close()
        except (OSError, UnwelcomeError):
            return

    def _greeting(self) -> dict[str, Any]:
        return {"replica": self._name, "version": __version__, "manifest": self._manifest()}

    def _manifest(self) -> str | None:
        try:
            text = Path(self._image.manifest).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None
        return text if len(text) <= LARGEST_MANIFEST else None
