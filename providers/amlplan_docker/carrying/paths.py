"""Paths that a script in a container tells the run's service, which knows only this host's."""

from __future__ import annotations

import json
import posixpath
import re
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_docker.carrying.task import WORK

if TYPE_CHECKING:
    from amlplan_docker.carrying.container import RunContainer

REGISTER = "/amlplan/models"
_FETCH = re.compile(r"/amlplan/models/fetch|/amlplan/runs/[^/]+/files/fetch")
_ABOUT = re.compile(
    rb"POST (/amlplan/models|/amlplan/models/fetch|/amlplan/runs/[^/ ]+/files/fetch) "
)
ASIDE = "brought"
"""The folder of a run in which files lie that are on their way."""


class Paths:
    """Brings the files of questions to this host, and those of answers into the container."""

    def __init__(self, folder: Path, container: RunContainer) -> None:
        self._folder, self._container = folder, container

    def is_about(self, head: bytes) -> bool:
        """Whether a request has a path in it."""
        return _ABOUT.match(head) is not None

    def outwards(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A question as the service of this host understands it; files it names are brought.

        Raises ProviderError and OSError.
        """
        if path == REGISTER and isinstance(body.get("path"), str):
            return {**body, "path": self._brought(body["path"])}
        if _FETCH.fullmatch(path) and isinstance(body.get("target"), str):
            name = posixpath.basename(posixpath.normpath(body["target"]))
            return {**body, "target": str(self._aside() / name)}
        return body

    def inwards(self, path: str, body: dict[str, Any], asked: dict[str, Any], said: bytes) -> bytes:
        """An answer as the script understands it; files that were fetched are put in place.

        `asked` is what `outwards` made of the body. Raises ProviderError and OSError.
        """
        if not _FETCH.fullmatch(path) or asked is body:
            return said
        place, target = Path(asked["target"]), body["target"]
        absolute = target if target.startswith("/") else f"{WORK}/{target}"
        try:
            self._container.put(place, absolute)
        finally:
            shutil.rmtree(place.parent, ignore_errors=True)
        answer = json.loads(said)
        if isinstance(answer.get("path"), str):
            answer["path"] = answer["path"].replace(str(place), absolute, 1)
        return json.dumps(answer).encode()

    def _brought(self, path: str) -> str:
        """A file or folder of the container at its place here; gives what names it here."""
        absolute = posixpath.normpath(posixpath.join(WORK, path))
        inner = posixpath.relpath(absolute, WORK)
        root = self._folder / "work"
        if not inner.startswith(".."):
            self._container.fetch(absolute, (root / inner).parent, root)
            return inner
        aside = self._aside()
        self._container.fetch(absolute, aside, aside)
        return str(aside / posixpath.basename(absolute))

    def _aside(self) -> Path:
        place = self._folder / ASIDE / secrets.token_hex(4)
        place.mkdir(parents=True)
        return place
