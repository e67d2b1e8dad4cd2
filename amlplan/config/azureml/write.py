"""Writes runconfig files: new ones, and files of others with nothing changed but what differs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from amlplan.config.azureml.runconfig import MODERN, runconfig_of
from amlplan.config.azureml.yaml_file import parse_yaml
from amlplan.diagnostics import SourceFile
from amlplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.azureml.runconfig import Runconfig
    from amlplan.config.azureml.told import Told
    from amlplan.config.azureml.yaml_file import Way, YamlFile

_PLAIN = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./$ =:@+-]*\Z")
_UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "none"})
_COMMENTS: Final = {
    "script": "What is run, from the folder above this one.",
    "command": "A command in place of a script.",
    "target": "Where it is run; local is this host.",
    "communicator": "How several processes find each other.",
    "maxRunDurationSeconds": "After so many seconds it is ended.",
    "environment": "What it is run in.",
    "history": "What is recorded of it.",
}


def new_text(told: Told) -> str:
    """The text of a new file."""
    tree: dict[str, Any] = {}
    for way, value in told.values.items():
        if value is None or (way == "command" and not value):
            continue
        *groups, name = way.split(".")
        inner = tree
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value
    lines: list[str] = []
    for name, value in tree.items():
        if name in _COMMENTS:
            lines.append(f"# {_COMMENTS[name]}")
        lines += _block(name, value, "")
    return "\n".join(lines) + "\n"


def changed_text(file: Runconfig, before: Told, after: Told) -> str:
    """The text of a file that says `before`, so that it says `after`.

    Only what differs is changed; everything else, comments too, stays as it is. A file of
    Workbench that has to change is written anew.
    """
    changes = {
        way: value
        for way, value in after.values.items()
        if value != before.values.get(way) and not (value is None and file.get(way) is None)
    }
    if not changes:
        return file.file.source.text
    if file.dialect != MODERN:
        return new_text(after)
    text = file.file.source.text
    try:
        for way, value in changes.items():
            text = _with(text, tuple(way.split(".")), value)
    except ConfigError:
        return new_text(after)
    # Where an alias stands for several values, one of them cannot be changed in its place.
    return text if _says(text, changes) else new_text(after)


def _says(text: str, values: Mapping[str, Any]) -> bool:
    try:
        written = runconfig_of(parse_yaml(SourceFile("", text)))
    except ConfigError:
        return False
    return all((written.get(way) or None) == (value or None) for way, value in values.items())


def _with(text: str, way: Way, value: Any) -> str:
    """A text with one value changed or added."""
    file = parse_yaml(SourceFile("", text))
    if way in file.places:
        return _replaced(file, way, _as_before(file, way, value))
    depth = next(length for length in range(len(way) - 1, -1, -1) if _is_block(file, way[:length]))
    group, name = way[:depth], str(way[depth])
    for part in reversed(way[depth + 1 :]):
        value = {str(part): value}
    if (*group, name) in file.places:  # a group that stands there empty, or on one line
        return _replaced(file, (*group, name), f" {flow(_merged(file, (*group, name), value))}")
    return _inserted(file, group, name, value)


def _as_before(file: YamlFile, way: Way, value: Any) -> str:
    """A value on lines of its own where the one before has such, else on the line of its name."""
    if way not in file.blocks or not value:
        return f" {flow(value)}"
    text = file.source.text
    children = _children(file, way)
    start = (
        min(file.keys[child].start for child in children)
        if children
        else (file.places[(*way, 0)].start - len("- "))
    )
    indent = " " * (start - text.rfind("\n", 0, start) - 1)
    if isinstance(value, dict) and children:
        lines = [line for key, item in value.items() for line in _block(key, item, indent)]
    else:
        lines = [f"{indent}- {flow(item)}" for item in value]
    return "\n" + "\n".join(lines)


def _merged(file: YamlFile, way: Way, value: Any) -> Any:
    """What a group holds, with another value in it."""
    there: Any = file.values
    for part in way:
        there = there[part]
    return {**(there or {}), **value}


def _is_block(file: YamlFile, way: Way) -> bool:
    """Whether a mapping stands there whose names have lines of their own."""
    return not way or (way in file.blocks and bool(_children(file, way)))


def _children(file: YamlFile, way: Way) -> list[Way]:
    return [key for key in file.keys if key[:-1] == way]


def _inserted(file: YamlFile, group: Way, name: str, value: Any) -> str:
    """Put a name before the first one of its group, or at the end of the file."""
    text = file.source.text
    if not group:
        end = "" if not text or text.endswith("\n") else "\n"
        return text + end + "\n".join(_block(name, value, "")) + "\n"
    start = min(file.keys[child].start for child in _children(file, group))
    line = text.rfind("\n", 0, start) + 1
    indent = " " * (start - line)
    added = "".join(f"{item}\n" for item in _block(name, value, indent))
    return text[:line] + added + text[line:]


def _replaced(file: YamlFile, way: Way, new: str) -> str:
    """Put a text behind the colon of a name, in place of its value."""
    text = file.source.text
    colon = text.index(":", file.keys[way].end) + 1
    ends = [
        place.end
        for other, place in file.places.items()
        if other[: len(way)] == way and other not in file.blocks
    ]
    return text[:colon] + new + text[max([colon, *ends]) :]


def _block(name: str, value: Any, indent: str) -> list[str]:
    """A name with its value on lines of their own."""
    if isinstance(value, dict) and value:
        lines = [line for key, item in value.items() for line in _block(key, item, indent + "  ")]
        return [f"{indent}{scalar(name)}:", *lines]
    if isinstance(value, list) and value:
        return [f"{indent}{scalar(name)}:", *(f"{indent}- {flow(item)}" for item in value)]
    return [f"{indent}{scalar(name)}: {flow(value)}"]


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """A null, bool, number or text, quoted where it would be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    is_plain = _PLAIN.match(text) is not None and ": " not in text and text.strip() == text
    if is_plain and not text.endswith(":") and text.lower() not in _WORDS:
        return text
    if text == "None":
        return text
    return _UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\U{ord(found[0]):08x}"
