"""A run configuration in full as text: the block that would say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.cli.style import visible
from amlplan.cli.text.values import whole_value

if TYPE_CHECKING:
    from amlplan.project.shown_run import ShownRun

_REFERENCES = ("workspace", "target", "environment")
_BLOCKS = ("resources", "distribution", "collect", "snapshot")


def run_config_text(shown: ShownRun, label: str) -> str:
    """The block, with references as they are written."""
    document = shown.document()
    values = {
        name: value
        for name, value in document["run_config"].items()
        if value not in (None, {}, [], "") and name != "name"
    }
    lines = [f'run_config "{visible(label)}" {{']
    implied = document.get("implied_environment")
    if implied is not None:
        packages = ", ".join(implied["requirements"]) or "none"
        lines.insert(0, f"# in an environment of Python {implied['python']} with: {packages}")
    plain = {name: value for name, value in values.items() if name not in (*_BLOCKS, "input")}
    lines += _arguments(plain, "  ")
    for name in _BLOCKS:
        if name in values:
            lines += _inner(name, values[name])
    for name, item in values.get("input", {}).items():
        lines += _inner(f'input "{visible(name)}"', item)
    return "\n".join([*lines, "}"])


def _inner(header: str, values: dict[str, Any]) -> list[str]:
    there = {name: value for name, value in values.items() if value is not None}
    return [f"  {header} {{", *_arguments(there, "    "), "  }"]


def _arguments(values: dict[str, Any], indent: str) -> list[str]:
    width = max((len(name) for name in values), default=0)
    return [
        f"{indent}{name:<{width}} = {_value(name, value, len(indent))}"
        for name, value in values.items()
    ]


def _value(name: str, value: Any, indent: int) -> str:
    if name in _REFERENCES and isinstance(value, dict):
        return visible(str(value["address"]))
    return whole_value(value, indent, " ", full=True)
