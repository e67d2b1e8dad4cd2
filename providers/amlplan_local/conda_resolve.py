"""Resolves what a conda file asks for from the package index, less strictly where that is asked."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.conda.mapping import LEFT_OUT, why_left_out
from amlplan.errors import AuthError, CanceledError, ProviderError, UnreachableError
from amlplan_local.conda_command import find_conda
from amlplan_local.indexes import child_environment
from amlplan_local.resolve import OLDEST, TIMEOUT, resolve_requirements
from amlplan_local.uv_command import Uv, find_uv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import OperationHandle
    from amlplan_schemas.base import JsonValue

RELAXED = "relax = true"
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\s*\[[^\]]*\])?\s*"
    r"(?P<version>[=<>!~][^;@]*)?(?P<marker>;.*)?"
)
_LOWER = re.compile(r"(?:===|==|~=|>=|>)\s*([^,*\s]+?)(?:\.\*)?")


@dataclass(frozen=True, slots=True)
class _Asking:
    """All that a resolution takes beside the request."""

    environment: Mapping[str, str]
    root: Path
    cache_folder: Path
    operation: OperationHandle

    def resolve(self, request: Mapping[str, JsonValue]) -> dict[str, Any]:
        return resolve_requirements(
            request, self.environment, self.root, self.cache_folder, self.operation
        )


def resolve_conda(
    request: Mapping[str, Any],
    environment: Mapping[str, str],
    root: Path,
    cache_folder: Path,
    operation: OperationHandle,
) -> dict[str, JsonValue]:
    """The packages of the index that stand for a conda file, with what became of each line.

    Each substitution is told to `operation`. Where the index has not what is asked for and conda
    is here, the entry has no packages and says so: it is built by conda alone. Blocks, uses the
    network, raises as `resolve_requirements`.
    """
    asking = _Asking(environment, root, cache_folder, operation)
    conda = request["conda"]
    told = {line: became or why_left_out(line) for line, became in conda["told"].items()}
    for line, became in told.items():
        operation.progress(told_text(line, became))
    document = {name: conda[name] for name in ("channels", "dependencies", "pip")}
    try:
        found = _relaxed(request, told, asking) if conda["relax"] else _strict(request, asking)
    except (AuthError, UnreachableError, CanceledError):
        raise
    except ProviderError as failure:
        if find_conda() is None:
            raise _with_offer(failure, relax=conda["relax"]) from failure
        operation.progress("the package index has not all of it, so only conda can build it")
        document["only"] = failure.detail
        found = {"python": request["python"], "packages": []}
    return {**found, "conda": document, "from_conda": told}


def _strict(request: Mapping[str, Any], asking: _Asking) -> dict[str, Any]:
    if _numbers(request["python"]) < _numbers(OLDEST):
        raise ProviderError(
            "A Python is too old",
            f"The conda file asks for Python {request['python']}, and environments of packages "
            f"from the package index begin at {OLDEST}.",
        )
    return asking.resolve(request)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def told_text(line: str, became: str) -> str:
    """What became of a line of a conda file, as a clause."""
    return f"{line} is {became}" if became.startswith(LEFT_OUT) else f"{line} is taken as {became}"


def _with_offer(failure: ProviderError, *, relax: bool) -> ProviderError:
    if relax:
        return failure
    detail = f"{failure.detail} With {RELAXED}, what cannot be had may be another version."
    return ProviderError(failure.summary, detail)


def _relaxed(
    request: Mapping[str, Any], told: dict[str, str], asking: _Asking
) -> dict[str, JsonValue]:
    """Resolve with another Python and other versions where they cannot be had."""
    wanted: list[str] = list(request["requirements"])
    python = str(request["python"])
    if find_conda() is None:
        python = _python_here(request, asking)
    if python != request["python"]:
        _tell(told, f"python {request['python']}", f"Python {python}", asking.operation)
    while True:
        try:
            found = asking.resolve({**request, "python": python, "requirements": wanted})
        except (AuthError, UnreachableError, CanceledError):
            raise
        except ProviderError as failure:
            looser = loosened(wanted, failure.detail)
            if looser == wanted:
                raise
            wanted = looser
        else:
            break
    for before, after in zip(request["requirements"], wanted, strict=True):
        if before != after:
            line = next((key for key, became in told.items() if became == before), before)
            _tell(told, line, after, asking.operation)
    return found


def _tell(told: dict[str, str], line: str, became: str, operation: OperationHandle) -> None:
    told[line] = f"{became} ({RELAXED})"
    operation.progress(told_text(line, told[line]))


def loosened(wanted: list[str], said: str) -> list[str]:
    """The requirements that a complaint names, or all where it names none, less strictly."""
    words = {_normal(word) for word in re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*", said)}
    names = [_normal(match["name"]) if (match := _parts(text)) else "" for text in wanted]
    fixed = [bool((match := _parts(text)) and match["version"]) for text in wanted]
    named = [name in words and is_fixed for name, is_fixed in zip(names, fixed, strict=True)]
    chosen = named if any(named) else fixed
    return [
        _looser(text) if is_chosen else text for text, is_chosen in zip(wanted, chosen, strict=True)
    ]


def _looser(text: str) -> str:
    match = _parts(text)
    if match is None or not match["version"]:
        return text
    version = match["version"].strip()
    lower = next(
        (found[1] for part in version.split(",") if (found := _LOWER.fullmatch(part.strip()))), None
    )
    open_ended = "" if lower is None or version == f">={lower}" else f">={lower}"
    marker = f" {match['marker']}" if match["marker"] else ""
    return f"{match['name']}{(match['extras'] or '').strip()}{open_ended}{marker}"


def _parts(text: str) -> re.Match[str] | None:
    return _REQUIREMENT.fullmatch(text.strip())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.rstrip(".-_")).lower()


def _python_here(request: Mapping[str, Any], asking: _Asking) -> str:
    """The Python that is nearest to the one asked for, of those that uv finds on this machine."""
    return nearest_python(str(request["python"]), _installed(request, asking))


def nearest_python(wanted: str, installed: list[tuple[int, int, int]]) -> str:
    """The wanted Python, its minor version, the next newer one, or the newest that is there."""
    numbers = _numbers(wanted)
    if any(version[: len(numbers)] == numbers for version in installed):
        return wanted
    minors = sorted({version[:2] for version in installed})
    newer = [minor for minor in minors if minor >= numbers[:2]]
    if not minors:
        return wanted
    chosen = newer[0] if newer and numbers[0] == newer[0][0] > 2 else minors[-1]  # noqa: PLR2004
    return f"{chosen[0]}.{chosen[1]}"


def _installed(request: Mapping[str, Any], asking: _Asking) -> list[tuple[int, int, int]]:
    variables = child_environment(request, asking.environment, asking.root, asking.cache_folder)
    with tempfile.TemporaryDirectory(prefix="amlplan-") as folder:
        uv = Uv(
            program=find_uv(),
            folder=Path(folder),
            variables=variables,
            timeout=TIMEOUT,
            check=asking.operation.check_cancelled,
            progress=asking.operation.progress,
            explain=lambda said: ProviderError(
                "The Pythons of this machine cannot be told",
                f"uv says: {said} See what is wrong, or leave relax out.",
            ),
        )
        listing = ("python", "list", "--only-installed", "--output-format", "json")
        finished = uv.run(listing, quiet=True)
    found = []
    for item in json.loads(finished.stdout):
        parts = item.get("version_parts") or {}
        if item.get("implementation") == "cpython" and parts.get("major") == 3:  # noqa: PLR2004
            found.append((3, int(parts["minor"]), int(parts["patch"])))
    return found
