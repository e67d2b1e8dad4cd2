"""A registry of images on loopback, with a login or without."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.own_process import free_port, goes_with_its_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 120.0
USER, PASSWORD = "ana", "registry-word-1"
_HASHED = "$2b$05$abcdefghijklmnopqrstuuiGiauAhBQdErR4sQzh5FWrkzW1ghvdy"
"""The password as the registry keeps it."""
_SETTINGS = """
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {folder}/data}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_LOGIN = "auth: {{htpasswd: {{realm: tests, path: {folder}/passwords}}}}\n"


@dataclass
class Registry:
    """A registry that runs; `host` is what names of repositories begin with."""

    folder: Path
    has_login: bool
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with what it kept, and wait until it answers."""
        deadline = time.monotonic() + SECONDS
        while not self._started(self.port or free_port()):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]

    def stop(self) -> None:
        """End it; what it keeps stays for a next start at the same port."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)
            self._process = None

    def _started(self, port: int) -> bool:
        settings = _SETTINGS + (_LOGIN if self.has_login else "")
        (self.folder / "passwords").write_text(f"{USER}:{_HASHED}\n")
        (self.folder / "config.yml").write_text(settings.format(folder=self.folder, port=port))
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(self.folder / "config.yml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=goes_with_its_parent,  # noqa: PLW1509 - tests start it from no thread
            )
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if _answers(port):
                self.port = port
                return True
            time.sleep(0.05)
        self.stop()  # somebody else took the port meanwhile
        return False


@contextmanager
def running_registry(*, has_login: bool) -> Iterator[Registry]:
    """A registry that runs, in a folder of its own; both are gone in the end."""
    with tempfile.TemporaryDirectory(prefix="amlplan-registry-") as name:
        registry = Registry(Path(name), has_login)
        registry.start()
        try:
            yield registry
        finally:
            registry.stop()


def why_there_is_none() -> str | None:
    """Why no registry can be started here, or None where one can."""
    if shutil.which("docker-registry") is None:
        return "there is no docker-registry on the PATH"
    return None


def _answers(port: int) -> bool:
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://127.0.0.1:{port}/v2/", timeout=10
        ).close()
    except urllib.error.HTTPError as failure:
        failure.close()
        return failure.code == 401
    except OSError:
        return False
    return True
