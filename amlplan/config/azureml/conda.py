"""The conda files of Azure ML projects, told as requirements, each mistake with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from amlplan.conda.files import CondaFile
from amlplan.errors import ConfigError, ProviderError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.config.azureml.yaml_file import Way, YamlFile
    from amlplan.diagnostics import Diagnostic

DEFAULT_PYTHON: Final = "3.11"
"""The Python of an environment whose file names none."""


@dataclass(slots=True)
class CondaDependencies:
    """What a file asks for; `python` is "" where it names none, `notes` tell each substitution."""

    python: str = ""
    requirements: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, file: CondaFile, name: str) -> None:
        """Add what a part of a file asks for; raises ProviderError."""
        from amlplan.conda.mapping import LEFT_OUT, mapped  # most runs have no such file

        found = mapped(file, Path(name), None, relax=False)
        self.python = found.python or self.python
        self.requirements += [*found.requirements, *found.pip]
        for line, became in found.told.items():
            taken = "is" if became.startswith(LEFT_OUT) else "is taken as"
            self.notes.append(f"{line} {taken} {became}")


def dependencies_of(file: YamlFile, values: Any, way: Way = ()) -> CondaDependencies:
    """What a mapping in a file asks for; raises ConfigError with everything wrong in it."""
    found = CondaDependencies()
    problems = list(_problems(found, file, values, way))
    if problems:
        raise ConfigError(problems)
    if not found.python:
        found.python = DEFAULT_PYTHON
        found.notes.append(f"it names no Python, so {DEFAULT_PYTHON} is taken")
    return found


def _problems(
    found: CondaDependencies, file: YamlFile, values: Any, way: Way
) -> Iterator[Diagnostic]:
    """Take one dependency after the other; gives what is wrong with them."""
    listed = values.get("dependencies") if isinstance(values, dict) else None
    if not isinstance(listed, list):
        yield file.mistake(way, "A conda file has a list called dependencies.")
        return
    for at, item in enumerate(listed):
        place = (*way, "dependencies", at)
        part = _part(item)
        if part is None:
            yield file.mistake(place, "A dependency is text, or the list of pip.")
            continue
        try:
            found.take(part, file.source.filename)
        except ProviderError as failure:
            yield file.mistake(place, failure.detail)


def _part(item: Any) -> CondaFile | None:
    """One dependency as a file of its own; None for what is none."""
    if isinstance(item, str):
        return CondaFile((), (item,), ())
    if not isinstance(item, dict) or set(item) != {"pip"}:
        return None
    pip = item["pip"] or []
    is_list = isinstance(pip, list) and all(isinstance(text, str) for text in pip)
    return CondaFile((), (), tuple(pip)) if is_list else None


def packages_of(listed: Sequence[str], python: str) -> CondaDependencies:
    """What single packages of conda add to a Python; raises RunError for one that is none."""
    found = CondaDependencies()
    try:
        found.take(CondaFile((), tuple(listed), ()), "conda_packages")
    except ProviderError as failure:
        raise RunError("No packages of conda", failure.detail) from failure
    found.python = found.python or python
    return found
