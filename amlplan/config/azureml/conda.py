"""A conda environment file, told as requirements of PyPI."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from amlplan.errors import ConfigError, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.config.azureml.yaml_file import Way, YamlFile
    from amlplan.diagnostics import Diagnostic

DEFAULT_PYTHON: Final = "3.11"
"""The Python of an environment whose file names none."""
_PYTHON = re.compile(r"={0,2}\s*(3\.\d{1,2}(?:\.\d{1,2})?)(?:\.\*)?\Z")
_SPECIFICATION = re.compile(
    r"(?:[\w./-]+::)?(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<version>[=<>!~ ].*)?\Z", re.ASCII
)
_NAMES: Final = {
    "pytorch": "torch",
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "pytables": "tables",
    "msgpack-python": "msgpack",
}
"""What is called otherwise on PyPI."""
_NO_PYTHON: Final = frozenset(
    {"pip", "cudatoolkit", "cudnn", "mkl", "openmpi", "mpich", "openssl", "gcc", "libgcc", "git"}
)
"""Packages of conda that PyPI has none for, or that come along."""


@dataclass(slots=True)
class CondaDependencies:
    """What a file asks for; `notes` tell each substitution."""

    python: str = DEFAULT_PYTHON
    requirements: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def dependencies_of(file: YamlFile, values: Any, way: Way = ()) -> CondaDependencies:
    """What a mapping in a file asks for; raises ConfigError with everything wrong in it."""
    found = CondaDependencies()
    problems: list[Diagnostic] = []
    listed = values.get("dependencies") if isinstance(values, dict) else None
    if not isinstance(listed, list):
        raise ConfigError([file.mistake(way, "A conda file has a list called dependencies.")])
    named_python = False
    for at, item in enumerate(listed):
        place = (*way, "dependencies", at)
        if isinstance(item, str):
            named_python |= item.split("=")[0].strip() == "python"
            problem = _conda(item, found)
        elif isinstance(item, dict) and set(item) == {"pip"}:
            problem = _pip(item["pip"], found)
        else:
            problem = "A dependency is text, or the list of pip."
        if problem is not None:
            problems.append(file.mistake(place, problem))
    if problems:
        raise ConfigError(problems)
    if not named_python:
        found.notes.append(f"it names no Python, so {DEFAULT_PYTHON} is taken")
    return found


def packages_of(listed: Sequence[str], found: CondaDependencies) -> CondaDependencies:
    """What single packages of conda add; raises RunError for one that is none."""
    wrong = [text for text in (_conda(item, found) for item in listed) if text is not None]
    if wrong:
        raise RunError("No packages of conda", " ".join(wrong))
    return found


def _conda(text: str, found: CondaDependencies) -> str | None:
    """Take a package of conda; gives what is wrong with it."""
    match = _SPECIFICATION.match(text.strip())
    if match is None:
        return f"{text!r} is no dependency of conda."
    name, version = match["name"].lower(), (match["version"] or "").strip()
    if name == "python":
        return _python(version, found)
    if name in _NO_PYTHON:
        if name != "pip":
            found.notes.append(f"{text} is left out: PyPI has none")
        return None
    if _is_ours(name, found):
        return None
    requirement = _NAMES.get(name, name) + _version(version)
    if requirement != text:
        found.notes.append(f"{text} is taken from PyPI as {requirement}")
    found.requirements.append(requirement)
    return None


def _python(version: str, found: CondaDependencies) -> str | None:
    match = _PYTHON.match(version)
    if version and match is None:
        return f"Which Python is python{version}? Say one version, as in python=3.11."
    if match is not None:
        found.python = match[1]
    return None


def _pip(listed: Any, found: CondaDependencies) -> str | None:
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        return "The list of pip holds requirements as text."
    for item in listed:
        if item.startswith("-"):
            return f"{item!r} is an option of pip; write an environment block for that."
        if not _is_ours(re.split(r"[\s\[=<>!~;@]", item, maxsplit=1)[0].lower(), found):
            found.requirements.append(item)
    return None


def _is_ours(name: str, found: CondaDependencies) -> bool:
    """Leave out Microsoft's SDK, which has no use here: its place is taken by amlplan's own."""
    if not name.startswith("azureml"):
        return False
    found.notes.append(f"{name} is left out: amlplan records what scripts tell it")
    return True


def _version(text: str) -> str:
    """The version of a conda package as PyPI writes it: =1.16 is ==1.16.*, with builds left out."""
    if text[:1].isdigit():  # a space stands for ==
        return f"=={text.split(maxsplit=1)[0]}"
    if not text or text[0] in "<>!~":
        return text.replace(" ", "")
    exact = text.startswith("==")
    number = text.lstrip("= ").split("=")[0].split()[0]
    has_build = text.lstrip("= ").count("=") > 0 or len(text.lstrip("= ").split()) > 1
    if exact or has_build or number.endswith("*"):
        return f"=={number}"
    return f"=={number}.*"
