"""The server's folder as an image has it, made here for one Python, with its own packages."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from amlplan_serve.shipped import REQUIREMENTS, shipped_files


class UnavailableError(Exception):
    """The packages cannot be installed here."""


def server_folder(python: str, place: Path) -> Path:
    """Make the server's folder at a place; raises UnavailableError."""
    shutil.copytree(_packages(python), place)
    for name, path in shipped_files().items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place / name)
    return place


def _packages(python: str) -> Path:
    """The packages of the lock for an interpreter, installed once on this machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amlplan-tests"
    cache.mkdir(parents=True, exist_ok=True)
    about = python.encode() + REQUIREMENTS.read_bytes()
    folder = cache / f"server-{hashlib.sha256(about).hexdigest()[:16]}"
    with (cache / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            _install(python, part)
            part.rename(folder)
    return folder


def _install(python: str, folder: Path) -> None:
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    index = os.environ.get("PIP_INDEX_URL")
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
    only = ["--python", python, "--target", str(folder), "--only-binary", ":all:"]
    try:
        subprocess.run(
            [*uv, *only, "-r", str(REQUIREMENTS)],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
            env=environment,
        )
    except subprocess.SubprocessError as failure:
        said = getattr(failure, "stderr", None) or str(failure)
        raise UnavailableError(str(said).strip()[-500:]) from failure
