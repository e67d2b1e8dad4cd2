"""What ours is compared with: azureml-inference-server-http, in its own environment."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "1.5.1"
REQUIREMENTS = (
    f"azureml-inference-server-http=={VERSION}",
    *("flask==3.1.3", "flask-cors==6.0.5", "inference-schema==1.8", "setuptools<81"),
    *("joblib==1.5.2", "numpy==2.2.6", "pandas==2.3.3"),  # what the scripts of the tests import
)
PATIENCE = 60.0


class UnavailableError(Exception):
    """The server cannot be installed here."""


def environment() -> Path:
    """The folder of its environment, made where it is missing; raises UnavailableError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amlplan-tests"
    cache.mkdir(parents=True, exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(" ".join(REQUIREMENTS).encode()).hexdigest()[:8]
    folder = cache / f"azmlinfsrv-{VERSION}-{version}-{digest}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
            (folder / "complete").touch()
    return folder


def _install(folder: Path) -> None:
    python = str(folder / "bin/python")
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    index = os.environ.get("PIP_INDEX_URL")
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", python, *REQUIREMENTS],
    ):
        try:
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=300, env=environment
            )
        except subprocess.SubprocessError as failure:
            said = getattr(failure, "stderr", None) or str(failure)
            raise UnavailableError(str(said).strip()[-300:]) from failure


@contextmanager
def served(folder: Path, source: Path, **variables: str) -> Iterator[int]:
    """Serve a folder's score.py with one worker; gives the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {**os.environ, "AML_APP_ROOT": str(source), **variables}
    environment.pop("PYTHONPATH", None)
    command = ["bin/azmlinfsrv", "--entry_script", str(source / "score.py"), "--port", str(port)]
    with (source.parent / f"azmlinfsrv-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(folder / command[0]), *command[1:]],
            cwd=source,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(port, process)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if connection.recv(100).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.05)
    raise UnavailableError("azmlinfsrv does not start here")
