"""Resolves requirements with uv, for one Python and for every platform that is asked for."""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from amlplan.errors import AuthError, ProviderError, UnreachableError
from amlplan_local.indexes import child_environment
from amlplan_local.requirements import with_wheel_uris
from amlplan_local.uv_command import Uv, find_uv, is_refused, is_silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import OperationHandle
    from amlplan_schemas.base import JsonValue

TIMEOUT = 900.0
OLDEST = "3.6"
"""Stated as the oldest Python, so that uv takes whatever interpreter amlplan runs under."""
_MARKERS = {
    "linux-x86_64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "linux-aarch64": "sys_platform == 'linux' and platform_machine == 'aarch64'",
    "macos-x86_64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "macos-arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "windows-x86_64": "sys_platform == 'win32' and platform_machine == 'AMD64'",
}


def resolve_requirements(
    request: Mapping[str, JsonValue],
    environment: Mapping[str, str],
    root: Path,
    cache_folder: Path,
    operation: OperationHandle,
) -> dict[str, JsonValue]:
    """The packages that a request resolves to, as `amlplan.lock` keeps them.

    Blocks and uses the network. Raises ProviderError with uv's reason where nothing fits,
    AuthError where an index refuses, UnreachableError where it does not answer.
    """
    variables = child_environment(request, environment, root, cache_folder)

    with tempfile.TemporaryDirectory(prefix="amlplan-") as folder:
        project = Path(folder)
        (project / "pyproject.toml").write_text(_project(request, root), encoding="utf-8")
        uv = Uv(
            program=find_uv(),
            folder=project,
            variables=variables,
            timeout=TIMEOUT,
            check=operation.check_cancelled,
            progress=operation.progress,
            explain=_explained,
        )
        python = ("--python", sys.executable)
        uv.run(["lock", *python])
        # Written on standard output: what it holds of local paths stays in memory.
        pylock = ("--frozen", "--format", "pylock.toml", "--no-emit-project")
        exported = uv.run(["export", *pylock, *python], quiet=True)
    packages = [_package(item, root) for item in tomllib.loads(exported.stdout)["packages"]]
    packages.sort(key=lambda item: (item["name"], item.get("version", ""), item.get("marker", "")))
    return {"python": request["python"], "packages": packages}


def _project(request: Mapping[str, JsonValue], root: Path) -> str:
    """A project that wants what the request wants, for its Python and platforms only."""
    python = str(request["python"])
    exact = python.count(".") > 1
    major, minor = python.split(".")[:2]
    after = f"{major}.{int(minor) + 1}"
    this = (
        f"python_full_version == '{python}'"
        if exact
        else f"python_full_version >= '{python}' and python_full_version < '{after}'"
    )
    platforms = list(request["platforms"])
    environments = [f"{this} and {_MARKERS[name]}" for name in platforms] or [this]
    wanted = with_wheel_uris(request["requirements"], request["wheels"], root)
    lines = [
        "[project]",
        'name = "amlplan-environment"',
        'version = "0"',
        f'requires-python = ">={OLDEST}"',
        f"dependencies = {_strings(wanted)}",
        "[tool.uv]",
        "package = false",
        f"environments = {_strings(environments)}",
        f"constraint-dependencies = {_strings(request['constraints'])}",
    ]
    if platforms:
        lines.append(f"required-environments = {_strings(environments)}")
    return "\n".join(lines) + "\n"


def _strings(texts: list[str]) -> str:
    """A TOML list of strings."""
    return "[" + ", ".join(_string(text) for text in texts) + "]"


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def _package(item: Mapping[str, Any], root: Path) -> dict[str, JsonValue]:
    """One package as the lock keeps it: nothing of it depends on this machine or this day."""
    files = [item[kind] for kind in ("sdist", "archive") if kind in item]
    files += item.get("wheels", [])
    hashes = {f"{name}:{value}" for file in files for name, value in file.get("hashes", {}).items()}
    package: dict[str, JsonValue] = {"name": item["name"], "hashes": sorted(hashes)}
    for field in ("version", "marker"):
        if field in item:
            package[field] = item[field]
    if "vcs" in item:
        package["git"] = item["vcs"]["url"]
        package["commit"] = item["vcs"]["commit-id"]
    archive = item.get("archive", {})
    if "url" in archive and not archive["url"].startswith("file:"):
        package["url"] = archive["url"]
    elif archive:
        path = archive.get("path") or unquote(urlsplit(archive["url"]).path)
        package["path"] = Path(os.path.relpath(path, root)).as_posix()
    return package


def _explained(said: str) -> ProviderError:
    if is_refused(said):
        return AuthError(
            "The package index refused",
            f"uv says: {said} Give index_url credentials, as in env_secret, or keep them in "
            "~/.netrc, then lock again.",
        )
    if is_silent(said):
        return UnreachableError(
            "The package index did not answer",
            f"uv says: {said} Nothing was locked. Check the network, the proxy and index_url, "
            "then lock again.",
        )
    return ProviderError(
        "The requirements cannot be resolved",
        f"uv says: {said} Change the requirements, the Python or the platforms, then lock again.",
    )
