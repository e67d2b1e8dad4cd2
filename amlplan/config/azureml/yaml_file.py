"""Reads a YAML file of Azure ML into plain values, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.diagnostics import SourceFile, SourceRange, error
from amlplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.diagnostics import Diagnostic

INVALID = "invalid_runconfig"
SUMMARY = "Invalid Azure ML file"
LARGEST = 1024**2
"""Bytes of a file that is read; people write a few kilobytes."""
MANY = 20_000
"""Values in a file, aliases counted each time they are used."""

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file whose content is a mapping: `values` as plain data, `places` of each by its way.

    `keys` has the places of names, `blocks` the ways of what has lines of its own for its parts:
    there the place goes on to what comes next. `texts` has scalars as they are written.
    """

    source: SourceFile
    values: Mapping[str, Any]
    places: Mapping[Way, SourceRange]
    keys: Mapping[Way, SourceRange]
    blocks: frozenset[Way]
    texts: Mapping[Way, str]

    def range_of(self, way: Way) -> SourceRange | None:
        """Where a value stands, or the nearest thing around it."""
        while way and way not in self.places:
            way = way[:-1]
        return self.places.get(way)

    def mistake(self, way: Way, detail: str) -> Diagnostic:
        """What is wrong with the value at a way."""
        return error(INVALID, SUMMARY, detail, self.range_of(way))


def read_yaml(root: Path, name: str) -> YamlFile:
    """The file of a project; raises ConfigError for one that cannot be read as a mapping."""
    return parse_yaml(SourceFile(name, _text_of(root, name)))


def _text_of(root: Path, name: str) -> str:
    empty = SourceRange(SourceFile(name, ""), 0, 0)
    try:
        with (root / name).open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise _failure(f"There is no file {name} in {root}.", empty) from None
    except OSError as failure:
        raise _failure(f"{name} cannot be read: {failure.strerror}.", empty) from None
    if len(data) > LARGEST:
        raise _failure(f"{name} has more than {LARGEST} bytes, so it is no such file.", empty)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        text = f"{name} is no UTF-8 text: byte {failure.start} belongs to no character."
        raise _failure(text, empty) from None


def parse_yaml(source: SourceFile) -> YamlFile:
    """The content of a text; raises ConfigError for what is no mapping of plain values."""
    import yaml

    try:
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
        reader = _Reader(source)
        values = {} if root is None else reader.value(root, (), ())
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        at = min(mark.index, len(source.text)) if mark is not None else 0
        place = SourceRange(source, at, at)
        raise _failure(f"This is not YAML: {failure.problem}.", place) from None
    except yaml.YAMLError as failure:
        raise _failure(f"This is not YAML: {failure}.", SourceRange(source, 0, 0)) from None
    except RecursionError:
        raise _failure("This YAML is nested too deep.", SourceRange(source, 0, 0)) from None
    if not isinstance(values, dict):
        raise _failure("The file must hold names with values.", SourceRange(source, 0, 0))
    blocks = frozenset(reader.blocks)
    return YamlFile(source, values, reader.places, reader.keys, blocks, reader.texts)


def _failure(detail: str, place: SourceRange) -> ConfigError:
    return ConfigError([error(INVALID, SUMMARY, detail, place)])


class _Reader:
    """Turns the nodes of one text into values."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._count = 0
        self.places: dict[Way, SourceRange] = {}
        self.keys: dict[Way, SourceRange] = {}
        self.blocks: set[Way] = set()
        self.texts: dict[Way, str] = {}

    def value(self, node: Any, way: Way, around: tuple[Any, ...]) -> Any:
        self._count += 1
        if self._count > MANY:
            raise self._wrong(node, f"More than {MANY} values stand in this file.")
        if node in around:
            raise self._wrong(node, "An alias refers to what it stands in.")
        self.places[way] = self._place(node)
        if node.id == "scalar":
            self.texts[way] = node.value
            return self._scalar(node)
        inside = (*around, node)
        if not node.flow_style:
            self.blocks.add(way)
        if node.id == "sequence":
            return [self.value(item, (*way, at), inside) for at, item in enumerate(node.value)]
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = key.value if key.id == "scalar" else None
            if name is None or name in found:
                what = "is no name" if name is None else f'"{name}" stands here twice'
                raise self._wrong(key, f"A key of a mapping {what}.")
            self.keys[(*way, name)] = self._place(key)
            found[name] = self.value(item, (*way, name), inside)
        return found

    def _scalar(self, node: Any) -> Any:
        """The value of a scalar: null, true, false, a number, else its text."""
        import yaml

        kind = node.tag.rpartition(":")[2]
        if kind not in {"null", "bool", "int", "float"}:
            return node.value
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (ValueError, OverflowError):
            raise self._wrong(node, f"{node.value} is no {kind}.") from None

    def _place(self, node: Any) -> SourceRange:
        return SourceRange(self._source, node.start_mark.index, node.end_mark.index)

    def _wrong(self, node: Any, detail: str) -> ConfigError:
        return _failure(detail, self._place(node))
