"""A package index of a folder on this host, for the real uv."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def wheel(folder: Path, name: str, version: str, *needs: str, padding: bytes = b"") -> str:
    """Write a wheel; its file's digest."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{name}.bin", padding)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


BACKEND = """
def build_wheel(*_, **__):
    raise SystemExit("this sdist will not be built: the compiler is missing")
"""


def failing_sdist(folder: Path, name: str, version: str) -> None:
    """Write a source distribution whose metadata can be read, and which cannot be built."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{version}"
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "backend.py": BACKEND,
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            f'[project]\nname = "{name}"\nversion = "{version}"\n'
        ),
    }
    with tarfile.open(folder / f"{stem}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{stem}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


@dataclass
class Server:
    """`address` is without scheme and login; `held` keeps downloads waiting while it is clear."""

    address: str = ""
    downloads: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def served(folder: Path, login: str | None = None) -> Iterator[Server]:
    """Serve `folder/simple` on loopback, to who knows the login."""
    server = Server()
    server.open.set()

    class Index(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            wanted = login and f"Basic {base64.b64encode(login.encode()).decode()}"
            if wanted and self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
                self.end_headers()
                return
            if self.path.endswith(".whl") and self.command == "GET":
                server.downloads.append(self.path.rpartition("/")[2])
                server.asked.set()
                server.open.wait(60)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                super().do_GET()

        do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    listening.daemon_threads = False  # so that closing waits for the answers underway
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    server.address = f"127.0.0.1:{listening.server_port}/simple"
    try:
        yield server
    finally:
        server.open.set()
        listening.shutdown()
        listening.server_close()
