"""Unpacks what was locked with uv, for a Python and a platform that are not this host's."""

from __future__ import annotations

import csv
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.errors import ProviderError
from amlplan_local.built import Building
from amlplan_local.environment_request import public
from amlplan_local.indexes import HIDDEN, child_environment, public_address
from amlplan_local.installation import TIMEOUT, explained, requirement, wheels_of
from amlplan_local.specification import EnvironmentSpec
from amlplan_local.uv_command import Uv, find_uv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import ToUnpack
    from amlplan.provider import OperationHandle, ProviderContext
    from amlplan_schemas.base import JsonValue

_GLIBC_KNOWN = (17, 28, *range(31, 41))
"""The second numbers of the C libraries that uv has a name for."""
_NO_WHEEL = ("has no usable wheels", "building from source is disabled")


def unpack(
    wanted: ToUnpack,
    folder: Path,
    credentials: Mapping[str, str],
    context: ProviderContext,
    operation: OperationHandle,
) -> None:
    """Put the packages into a folder.

    `credentials` are variables that tell uv its indexes. Raises as `install` does, and
    ProviderError for a package that has no wheel for that Python and platform.
    """
    _refuse_sources(wanted)
    spec = EnvironmentSpec(digest="", python=wanted.python, packages=wanted.packages)
    building = Building(
        root=context.root,
        data_folder=context.data_folder,
        cache_folder=context.cache_folder,
        credentials=credentials,
        progress=operation.progress,
        check=operation.check_cancelled,
    )
    with tempfile.TemporaryDirectory(prefix="amlplan-") as name:
        aside = Path(name)
        _Unpacking(wanted, spec, building, aside, folder).run()


class _Unpacking:
    def __init__(
        self,
        wanted: ToUnpack,
        spec: EnvironmentSpec,
        building: Building,
        aside: Path,
        folder: Path,
    ) -> None:
        self._wanted, self._folder, self._aside = wanted, folder, aside
        self._wheels = wheels_of(spec, building, aside)
        request, credentials = _request(wanted.values), building.credentials
        variables = child_environment(request, credentials, building.root, building.cache_folder)
        is_offline = bool(variables.get("UV_OFFLINE"))
        self._uv = Uv(
            program=find_uv(),
            folder=aside,
            variables=variables,
            timeout=TIMEOUT,
            check=building.check,
            progress=lambda text: None if _of_this_host(text) else building.progress(text),
            explain=lambda said: (
                _no_wheel(said, wanted) or explained(said, spec, is_offline=is_offline)
            ),
        )

    def run(self) -> None:
        self._install(self._wanted.packages)
        for name in _in_conflict(self._folder):
            same = [item for item in self._wanted.packages if _normal(item["name"]) == name]
            self._install(same, "--reinstall")

    def _install(self, packages: Sequence[Mapping[str, Any]], *options: str) -> None:
        for hashed in (True, False):
            chosen = [package for package in packages if bool(package["hashes"]) is hashed]
            if not chosen:
                continue
            lines = [requirement(package, self._wheels) for package in chosen]
            file = self._aside / "requirements.txt"
            file.write_text("\n".join([*lines, ""]), encoding="utf-8")
            # Another Python than the one asked is no matter: nothing of it is run.
            self._uv.run(
                [
                    *("pip", "install", "--no-deps", "--only-binary", ":all:", *options),
                    *(["--require-hashes"] if hashed else []),
                    *("--python", sys.executable, "--prefix", str(self._folder)),
                    *("--python-version", self._wanted.python),
                    *("--python-platform", uv_platform(self._wanted)),
                    *("--requirement", str(file)),
                ]
            )


def uv_platform(wanted: ToUnpack) -> str:
    """What uv calls the platform, with the newest C library that it has; raises ProviderError."""
    machine = wanted.platform.removeprefix("linux-")
    if re.fullmatch(r"musl( .*)?", wanted.libc):
        return f"{machine}-unknown-linux-musl"
    found = re.fullmatch(r"glibc 2\.(\d+).*", wanted.libc)
    if found is None:
        raise ProviderError(
            "A C library that no wheel is made for",
            f"The base image has {wanted.libc or 'a C library that it does not tell'}, and wheels "
            "are for glibc or musl. Choose another base image.",
        )
    there = [number for number in _GLIBC_KNOWN if number <= int(found[1])]
    return f"{machine}-manylinux_2_{max(there, default=_GLIBC_KNOWN[0])}"


def _of_this_host(text: str) -> bool:
    """Whether uv tells of the Python that it runs, which has no part in what is unpacked."""
    return text.startswith("Using ")


def _request(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Where packages are, as a locked request has it; an input that is not known is a secret."""
    hidden = HIDDEN if values else None
    return {
        "index_url": public(values.get("index_url", hidden)),
        "extra_index_urls": public(values.get("extra_index_urls", hidden or [])),
        "find_links": [public_address(link) for link in values.get("find_links") or ()],
    }


def _in_conflict(folder: Path) -> list[str]:
    """The distributions that brought other bytes for one path, by name.

    uv installs on threads, so which of them came last is chance.
    """
    brought: dict[str, dict[str, str]] = {}
    for record in folder.glob("lib*/python*/site-packages/*.dist-info/RECORD"):
        name = _normal(record.parent.name.partition("-")[0])
        with record.open(encoding="utf-8", newline="") as file:
            for path, digest, *_ in csv.reader(file):
                brought.setdefault(path, {})[name] = digest
    return sorted({name for by in brought.values() if len(set(by.values())) > 1 for name in by})


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _refuse_sources(wanted: ToUnpack) -> None:
    for package in wanted.packages:
        if "git" in package:
            raise ProviderError(
                "A package without a wheel",
                f"{package['name']} comes from {package['git']}, and an image takes prebuilt "
                "wheels only. Build a wheel of it for the image's platform and name that in the "
                "requirements.",
            )


def _no_wheel(said: str, wanted: ToUnpack) -> ProviderError | None:
    if not any(words in said for words in _NO_WHEEL):
        return None
    return ProviderError(
        "A package without a wheel",
        f"uv says: {said} The image needs wheels for Python {wanted.python} on {wanted.platform} "
        f"with {wanted.libc}, as nothing is compiled for it here. Choose a version that has one, "
        "or build a wheel and name its path in the requirements.",
    )
