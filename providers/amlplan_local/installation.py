"""Makes a virtual environment with uv and installs what was locked, by its hashes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX, hash_file
from amlplan.errors import AuthError, NotFoundError, ProviderError, QuotaError, UnreachableError
from amlplan.files import failure_at
from amlplan_local.indexes import child_environment
from amlplan_local.uv_command import Uv, find_uv, is_refused, is_silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan_local.built import Building
    from amlplan_local.specification import EnvironmentSpec

TIMEOUT = 3600.0
"""Seconds that uv may take; packages for accelerators have gigabytes."""


def install(spec: EnvironmentSpec, building: Building, aside: Path, made: Path) -> str:
    """Make the environment in `made`; gives the version of its Python.

    `aside` is a folder for what is needed meanwhile. Blocks and may use the network. Raises
    ProviderError with uv's reason.
    """
    request = {
        "index_url": spec.index_url,
        "extra_index_urls": list(spec.extra_index_urls),
        "find_links": list(spec.find_links),
    }
    root, cache_folder = building.root, building.cache_folder
    variables = child_environment(request, building.credentials, root, cache_folder)
    is_offline = bool(variables.get("UV_OFFLINE"))
    uv = Uv(
        program=find_uv(),
        folder=aside,
        variables=variables,
        timeout=TIMEOUT,
        check=building.check,
        progress=building.progress,
        explain=lambda said: explained(said, spec, is_offline=is_offline),
    )
    wheels = wheels_of(spec, building, aside)
    python = ("--python", str(spec.python))
    uv.run(["venv", "--relocatable", "--no-project", *python, str(made)], quiet=True)
    hashed = [package for package in spec.packages if package["hashes"] and "git" not in package]
    others = [package for package in spec.packages if package not in hashed]
    for name, packages, options in (
        ("hashed.txt", hashed, ["--require-hashes"]),
        ("others.txt", others, []),  # a commit is a digest already
    ):
        if packages:
            lines = [requirement(package, wheels) for package in packages]
            (aside / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
            into = ("--python", str(made / "bin" / "python"))
            uv.run(["pip", "install", "--no-deps", *options, *into, "--requirement", name])
    return _version(made)


def requirement(package: Mapping[str, Any], wheels: Mapping[str, Path]) -> str:
    """A locked package as a line of a requirements file; `wheels` has the local ones by path."""
    name = package["name"]
    if "git" in package:
        address = package["git"]
        scheme = "" if address.startswith("git+") else "git+"
        text = f"{name} @ {scheme}{address}@{package['commit']}"
    elif "url" in package:
        text = f"{name} @ {package['url']}"
    elif "path" in package:
        text = f"{name} @ {wheels[package['path']].as_uri()}"
    else:
        text = f"{name}=={package['version']}"
    if "marker" in package:
        text += f" ; {package['marker']}"
    return text + "".join(f" --hash={value}" for value in package["hashes"])


def wheels_of(spec: EnvironmentSpec, building: Building, aside: Path) -> dict[str, Path]:
    """The wheels of the project by the path they were locked with, checked, under their names."""
    found: dict[str, Path] = {}
    for package in spec.packages:
        if "path" not in package:
            continue
        building.check()
        path = package["path"]
        source = Path(os.path.normpath(building.root / path))
        if building.content is not None and package["hashes"]:
            stored = building.content.path(package["hashes"][0])
            source = stored if stored.exists() else source
        _check_wheel(source, package["hashes"])
        link = aside / "wheels" / str(len(found)) / Path(path).name
        link.parent.mkdir(parents=True)
        link.symlink_to(source.absolute())
        found[path] = link
    return found


def _check_wheel(path: Path, hashes: Sequence[str]) -> None:
    try:
        digest = PREFIX + hash_file(path)
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A wheel is missing", f"{path} does not exist. Build it, then run: amlplan apply"
        ) from failure
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    if hashes and digest not in hashes:
        raise ProviderError(
            "A wheel is not what was locked",
            f"{path} has the digest {digest}, and amlplan.lock has {', '.join(hashes)}. Put the "
            "locked one back, or lock the new one: amlplan init, then amlplan apply.",
        )


def _version(made: Path) -> str:
    """The version of a virtual environment's Python, as its own file tells."""
    for line in (made / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() in {"version_info", "version"}:
            return value.strip()
    return ""


def explained(said: str, spec: EnvironmentSpec, *, is_offline: bool) -> ProviderError:
    """The error for what uv said as it installed."""
    if "No interpreter found" in said or "No download found" in said:
        python = spec.python
        relaxed = " With relax = true another one is taken." if spec.conda is not None else ""
        return NotFoundError(
            "A Python is missing",
            f"Python {python} was not found. uv says: {said} Install it, as with: uv python "
            f"install {python}{'.' if relaxed else ''}{relaxed}",
        )
    if "No space left" in said or "os error 28" in said or "os error 122" in said:
        return QuotaError(
            "No space left",
            f"uv says: {said} Free some space for the environments and uv's cache, then try again.",
        )
    if "Hash mismatch" in said or "hash mismatch" in said:
        return ProviderError(
            "A package is not what was locked",
            f"uv says: {said} The index gives another file than it did. Find out why; if the new "
            "one is to be trusted, lock again: amlplan init.",
        )
    if is_refused(said):
        return AuthError(
            "The package index refused",
            f"uv says: {said} Give index_url credentials, as in env_secret, or keep them in "
            "~/.netrc.",
        )
    if is_offline and "there is no version of" in said:
        return UnreachableError(
            "The package index may not be asked",
            f"UV_OFFLINE is set and uv's cache lacks what is needed. uv says: {said} Build it once "
            "with a network.",
        )
    if is_silent(said):
        return UnreachableError(
            "The package index did not answer",
            f"uv says: {said} Check the network, the proxy and index_url, then try again.",
        )
    return ProviderError(
        "The environment cannot be built",
        f"uv says: {said} Mend that, or change the requirements and lock again.",
    )
