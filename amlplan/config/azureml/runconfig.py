"""Reads a runconfig file of Azure ML: what it says, and what of it amlplan does not use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from amlplan.config.azureml import workbench
from amlplan.config.azureml.fields import TABLE, field_at, is_group
from amlplan.config.azureml.yaml_file import read_yaml
from amlplan.diagnostics import Diagnostic, warning
from amlplan.errors import ConfigError
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from amlplan.config.azureml.fields import Field
    from amlplan.config.azureml.yaml_file import Way, YamlFile

FOLDERS = (".azureml", "aml_config")
"""Where such files lie in a project, in the order in which they are looked for."""
SUFFIX = ".runconfig"
NOT_USED = "runconfig_not_used"
MODERN = "Azure ML SDK v1"


@dataclass(frozen=True, slots=True)
class Runconfig:
    """A file that was read: `values` by the way of their field, as in `mpi.processCountPerNode`.

    `remarks` are warnings, one for each field that says something amlplan does not do.
    """

    file: YamlFile
    dialect: str
    values: Mapping[str, Any]
    ways: Mapping[str, Way]
    remarks: tuple[Diagnostic, ...]

    @property
    def name(self) -> str:
        """The file as it was named."""
        return self.file.source.filename

    @property
    def folder(self) -> str:
        """The folder of its project: that above `aml_config` or `.azureml`, else its own."""
        parent = PurePosixPath(self.name).parent
        return str(parent.parent if parent.name in FOLDERS else parent)

    def get(self, way: str) -> Any:
        """The value of a field, None where it says nothing."""
        return self.values.get(way)

    def mistake(self, way: str, detail: str) -> Diagnostic:
        """What is wrong with the value of a field."""
        return self.file.mistake(self.ways.get(way, ()), detail)


def read_runconfig(root: Path, name: str) -> Runconfig:
    """The runconfig of a name in a project; raises ConfigError with everything wrong in it."""
    return runconfig_of(read_yaml(root, name))


def runconfig_of(file: YamlFile) -> Runconfig:
    """What a file says; raises ConfigError with everything wrong in it."""
    is_old = workbench.is_workbench(file)
    reader = _Reader(file)
    reader.group(file.values, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    return Runconfig(
        file,
        workbench.DIALECT if is_old else MODERN,
        reader.values,
        reader.ways,
        tuple(reader.remarks(is_old=is_old)),
    )


class _Reader:
    """Sorts the values of one file by their fields."""

    def __init__(self, file: YamlFile) -> None:
        self._file = file
        self.problems: list[Diagnostic] = []
        self.values: dict[str, Any] = {}
        self.ways: dict[str, Way] = {}
        self._unknown: list[Way] = []

    def group(self, values: Mapping[str, Any], way: Way) -> None:
        for name, value in values.items():
            self._item(value, (*way, name))

    def _item(self, value: Any, way: Way) -> None:
        modern = workbench.modern_way(way)
        field = field_at(modern)
        if way == ("ArgumentVector",):
            self._vector(value, way)
        elif field is not None:
            self._take(field, value, way)
        elif not is_group(modern):
            self._unknown.append(way)
        elif isinstance(value, dict):
            self.group(value, way)
        elif value is not None:
            self._wrong(way, "names with values", value)

    def _vector(self, value: Any, way: Way) -> None:
        """Workbench's command line: the script and its arguments."""
        if not isinstance(value, list) or not value:
            self._wrong(way, "a list that begins with the script", value)
            return
        texts = [self._written(item, (*way, at)) for at, item in enumerate(value)]
        if texts[0] != "$file":
            self.values["script"], self.ways["script"] = texts[0], (*way, 0)
        self.values["arguments"], self.ways["arguments"] = texts[1:], way

    def _take(self, field: Field, value: Any, way: Way) -> None:
        self.ways[field.way] = way
        if value is None:
            return
        if not field.used:
            self.values[field.way] = value
            return
        takes = {
            "text": (str, "text"),
            "texts": (list, "a list"),
            "flag": (bool, "true or false"),
            "count": (int, "a whole number"),
            "map": (dict, "names with values"),
        }
        wanted, words = takes[field.kind]
        chosen = [item.lower() for item in field.choices]
        fits = isinstance(value, wanted)
        if field.kind == "count":
            fits = type(value) is int and value >= 0
        if not fits:
            self._wrong(way, words, value)
        elif chosen and str(value).lower() not in chosen:
            self._wrong(way, f"one of {', '.join(field.choices)}", value)
        else:
            self.values[field.way] = self._plain(field, value, way)

    def _plain(self, field: Field, value: Any, way: Way) -> Any:
        if field.kind == "texts":
            return [self._written(item, (*way, at)) for at, item in enumerate(value)]
        if field.way.endswith("environmentVariables"):
            return {name: self._written(item, (*way, name)) for name, item in value.items()}
        return value

    def _written(self, value: Any, way: Way) -> str:
        """A scalar as it is written: 0.10 stays 0.10, and yes stays yes."""
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            self._wrong(way, "text", value)
            return ""
        return self._file.texts[way]

    def _wrong(self, way: Way, wanted: str, value: Any) -> None:
        found = repr(value)[:80]
        if isinstance(value, dict | list):
            found = "a mapping" if isinstance(value, dict) else "a list"
        text = f"{_named(way)} takes {wanted}, not {found}."
        self.problems.append(self._file.mistake(way, text))

    def remarks(self, *, is_old: bool) -> Iterator[Diagnostic]:
        """What is not used, in the order of the file."""
        if is_old:
            yield self._remark((), f"This file is written in the dialect of {workbench.DIALECT}.")
        if str(self.values.get("framework")).lower() == "pyspark":
            text = "framework is recorded; the script is run by Python, and starts Spark itself."
            yield self._remark(self.ways["framework"], text)
        for name in self.values.get("dataReferences") or {}:
            way = (*self.ways["dataReferences"], name)
            text = f"{_named(way)} takes its data from the input of its name, not from a datastore."
            yield self._remark(way, text)
        found = [(self.ways[item.way], item.does) for item in TABLE if self._is_unused(item)]
        found += [(way, self._why_unknown(way)) for way in self._unknown]
        for way, why in sorted(found, key=lambda item: self._file.places[item[0]].start):
            yield self._remark(way, f"{_named(way)} is not used: {why}.")

    def _is_unused(self, field: Field) -> bool:
        value = self.values.get(field.way)
        return not field.used and not _is_idle(value, field.idle) and self._matters(field)

    def _matters(self, field: Field) -> bool:
        asked = {
            "": True,
            "container": self.values.get("environment.docker.enabled")
            or self.values.get("docker.useDocker"),
            "spark": str(self.values.get("framework")).lower() == "pyspark",
            "cluster": self.values.get("target") not in (None, "local"),
        }
        return bool(asked[field.when])

    def _why_unknown(self, way: Way) -> str:
        if way[0] in workbench.NAMED:
            return workbench.NAMED[str(way[0])]
        hint = suggestion(_named(way), [item.way for item in TABLE])
        return f"no such field is known, and it stays in the file.{hint}".rstrip(".")

    def _remark(self, way: Way, text: str) -> Diagnostic:
        return warning(NOT_USED, "A field is not used", text, self._file.range_of(way))


def _is_idle(value: Any, idle: tuple[Any, ...]) -> bool:
    """Whether a value asks for nothing, everything below it included."""
    if value in idle:
        return True
    if isinstance(value, dict):
        return all(_is_idle(item, idle) for item in value.values())
    return isinstance(value, list) and all(_is_idle(item, idle) for item in value)


def _named(way: Way) -> str:
    return ".".join(map(str, way))
