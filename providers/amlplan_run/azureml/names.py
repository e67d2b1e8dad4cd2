"""The public names of the Azure ML SDK v1 by module; scripts/azureml_names.py lists them."""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

KINDS = ("class", "function", "value")
_loaded = {}  # type: Dict[str, Any]


def table() -> "Dict[str, Any]":
    """What each module has: names by kind, and where those come from that it only passes on."""
    if not _loaded:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "names.json")
        with open(path, encoding="utf-8") as file:
            _loaded.update(json.load(file))
        # Of 2017's Workbench, which is in no package index.
        _loaded["azureml.logging"] = {"function": "get_azureml_logger"}
    return _loaded


def names_of(module: str) -> "List[str]":
    """All names that can be imported from a module."""
    entry = table()[module]
    every = set(entry.get("from", ())) | set(entry.get("error", ()))
    for kind in KINDS:
        every.update(entry.get(kind, "").split())
    return sorted(every)


def kind_of(module: str, name: str) -> str:
    """The kind of a name, "" where a module does not define it."""
    entry = table().get(module, {})
    if name in entry.get("error", ()):
        return "error"
    for kind in KINDS:
        if name in entry.get(kind, "").split():
            return kind
    return ""


def members_of(origin: str) -> "List[str]":
    """The public members of a class `module:name` that works here."""
    module, _, name = origin.partition(":")
    members = table().get(module, {}).get("members", {})  # type: Dict[str, str]
    return members.get(name, "").split()
