"""Conda environment files, as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.errors import NotFoundError, ProviderError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from pathlib import Path

_TAKEN = frozenset({"channels", "dependencies"})
_WITHOUT_MEANING = frozenset({"name", "prefix"})
"""Where conda would put the environment; amlplan has a place of its own."""


@dataclass(frozen=True, slots=True)
class CondaFile:
    """What a file says: the channels, the packages of conda, and those of pip."""

    channels: tuple[str, ...]
    dependencies: tuple[str, ...]
    pip: tuple[str, ...]


def read_conda_file(path: Path) -> CondaFile:
    """A conda environment file; raises ProviderError, NotFoundError where it is not there."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A conda file is missing", f"{path} does not exist. Correct the path."
        ) from failure
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    except UnicodeDecodeError as failure:
        raise broken(path, "it is not UTF-8: save it as UTF-8") from failure
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as failure:
        raise broken(path, f"it is no YAML: {' '.join(str(failure).split())}") from failure
    return _read(document, path)


def _read(document: Any, path: Path) -> CondaFile:
    if not isinstance(document, dict):
        raise broken(path, "it has no list called dependencies")
    unknown = sorted(str(key) for key in document.keys() - _TAKEN - _WITHOUT_MEANING)
    if "variables" in unknown:
        raise broken(path, "it sets variables: write them as variables of the block environment")
    if unknown:
        raise broken(path, f"{', '.join(unknown)} is nothing that amlplan takes from there")
    dependencies: list[str] = []
    pip: list[str] = []
    for item in _listed(document, "dependencies", path):
        if isinstance(item, str):
            dependencies.append(item)
        elif isinstance(item, dict) and set(item) == {"pip"}:
            pip += _texts(item["pip"] or [], "pip", path)
        else:
            raise broken(path, f"{item!r} is neither a package in text nor the list of pip")
    channels = _texts(_listed(document, "channels", path), "channels", path)
    return CondaFile(tuple(channels), tuple(dependencies), tuple(pip))


def _listed(document: dict[str, Any], name: str, path: Path) -> list[Any]:
    found = document.get(name)
    if found is None and name == "channels":
        return []
    if not isinstance(found, list):
        raise broken(path, f"it has no list called {name}")
    return found


def _texts(found: Any, name: str, path: Path) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise broken(path, f"{name} has to be a list of texts")
    return list(found)


def broken(path: Path, why: str) -> ProviderError:
    """The error for a conda file that cannot be used."""
    return ProviderError("A conda file cannot be used", f"{path}: {why}.")
