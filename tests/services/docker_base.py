"""Base images for tests, made of what this machine has: nothing is downloaded."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_docker.engine.client import Engine

PACKAGES = (
    "bash",
    "coreutils",
    "libc-bin",
    "base-files",
    "base-passwd",
    "python3",
    "ca-certificates",
    "grep",
    "sed",
    "findutils",
    "procps",
    "libstdc++6",  # for packages with extensions, as numpy
)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NOT_NEEDED = re.compile(
    r"^/usr/share/(doc|man|locale|info|lintian|bug)/|/i18n/|gconv/|__pycache__"
)
_LINKED = ("bin", "sbin", "lib", "lib32", "lib64")
_EMPTY = ("proc", "sys", "dev", "run", "tmp", "root", "var/tmp", "var/log", "usr/local/bin", "etc")


def why_there_is_none() -> str | None:
    """Why no base image can be made here, or None where one can."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-cache") is None:
        return "base images are made of installed Debian packages, and this is no Debian"
    return None if Path("/usr/bin/python3").exists() else "there is no Debian python3 to copy"


def ensure(engine: Engine) -> str:
    """The tag of the base image, which is made where the engine lacks it."""
    tag = f"local/python:{system_python()}"
    if engine.image(tag) is None:
        with tempfile.TemporaryFile() as layer:
            _write_layer(layer)
            engine.load(image_archive(layer, [tag], {"Env": [f"PATH={_PATH}", "LANG=C.UTF-8"]}))
    return tag


@cache
def system_python() -> str:
    """The version of Debian's Python, as in 3.11."""
    asked = ["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def image_archive(layer: IO[bytes], tags: list[str], config: dict[str, object]) -> Iterator[bytes]:
    """The archive of an image with one layer, which is read from a file, as the engine loads it."""
    size = layer.seek(0, io.SEEK_END)
    layer.seek(0)
    digest = _digest_of(layer)
    layer.seek(0)
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64")
    about = {
        "architecture": architecture,
        "os": "linux",
        "config": config,
        "created": "1970-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z"}],
    }
    manifest = [{"Config": "config.json", "RepoTags": tags, "Layers": ["layer.tar"]}]
    for name, document in (("manifest.json", manifest), ("config.json", about)):
        data = json.dumps(document).encode()
        yield _header(name, len(data)) + data + _padding(len(data))
    yield _header("layer.tar", size)
    while piece := layer.read(1024 * 1024):
        yield piece
    yield _padding(size) + b"\0" * 1024


def _digest_of(layer: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := layer.read(1024 * 1024):
        digest.update(piece)
    return digest.hexdigest()


def _header(name: str, size: int) -> bytes:
    item = tarfile.TarInfo(name)
    item.size = size
    return item.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % 512)


def _write_layer(into: IO[bytes]) -> None:
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in _EMPTY:
            _add_folder(tar, name)
        for name in _LINKED:
            if Path("/", name).is_symlink():
                _add(tar, Path("/", name))
        for path in _files():
            _add(tar, path)
        for made in ("/etc/passwd", "/etc/group", "/etc/ssl/certs/ca-certificates.crt"):
            if Path(made).exists():
                _add(tar, Path(made))
        shell = tarfile.TarInfo("usr/bin/sh")
        shell.type, shell.linkname, shell.mode = tarfile.SYMTYPE, "bash", 0o777
        tar.addfile(shell)


def _files() -> list[Path]:
    """The files of some packages and of what they depend on, where they are on this machine."""
    asked = ["apt-cache", "depends", "--recurse", "--installed", "--no-recommends"]
    asked += ["--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"]
    listed = subprocess.run([*asked, *PACKAGES], check=True, capture_output=True, text=True)
    packages = {line for line in listed.stdout.splitlines() if re.match(r"^[a-z0-9]", line)}
    installed = subprocess.run(
        ["dpkg-query", "--listfiles", *sorted(packages)],
        check=False,  # some are virtual
        capture_output=True,
        text=True,
    )
    wanted = (line for line in installed.stdout.splitlines() if line.startswith("/"))
    found = {_real(line) for line in wanted if not _NOT_NEEDED.search(line)}
    below = (path for path in found if path.parent != Path("/"))  # links there are made anyway
    return sorted(path for path in below if path.is_symlink() or path.is_file())


def _real(path: str) -> Path:
    """A file by the folder in which it is: /bin is a link to /usr/bin."""
    folder = Path(path).parent.resolve()
    return folder / Path(path).name


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    item = tarfile.TarInfo(name)
    item.type = tarfile.DIRTYPE
    item.mode = 0o1777 if name.endswith("tmp") else 0o755
    tar.addfile(item)


def _add(tar: tarfile.TarFile, path: Path) -> None:
    name = str(path).lstrip("/")
    if name == "usr/bin/sh":
        return
    about = path.lstat()
    item = tarfile.TarInfo(name)
    item.mode = stat.S_IMODE(about.st_mode)
    if path.is_symlink():
        item.type, item.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(item)
        return
    item.size = about.st_size
    with path.open("rb") as data:
        tar.addfile(item, data)
