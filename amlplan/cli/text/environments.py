"""Environments, as people and programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.cli.style import styled
from amlplan.cli.text.runs import on_one_line, table
from amlplan.digests import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.abilities import EnvironmentFacts
    from amlplan_schemas.state import Record

_SHORT = 12
_SOURCES = ("conda_file", "requirements_file", "pyproject", "interpreter", "requirements")


def environments_table(found: Iterable[tuple[Record, EnvironmentFacts]]) -> str:
    """A line for each environment."""
    return table(
        ("ENVIRONMENT", "PYTHON", "PACKAGES", "FROM", "BUILT", "DIGEST"),
        (
            (
                record.address,
                facts.python or "-",
                f"{len(facts.packages)}",
                _source(record),
                "no" if facts.built_by is None else f"by {facts.built_by}",
                _digest(record)[: len(PREFIX) + _SHORT].removeprefix(PREFIX),
            )
            for record, facts in found
        ),
    )


def _source(record: Record) -> str:
    values = record.inputs.values
    name = next((name for name in _SOURCES if values.get(name) is not None), "-")
    value = values.get(name)
    return value if isinstance(value, str) else name


def _digest(record: Record) -> str:
    return str(record.outputs.values.get("digest", ""))


def environment_text(record: Record, facts: EnvironmentFacts) -> str:
    """Everything about one environment."""
    rows = {
        "digest": _digest(record),
        "python": facts.python or "-",
        "from": _source(record),
        "built": "not here; see: amlplan environment build"
        if facts.built_by is None
        else f"by {facts.built_by}",
        "interpreter": facts.interpreter or "-",
    }
    width = max(map(len, rows))
    lines = [styled("bold", f"# {record.address} ({on_one_line(record.name)})"), ""]
    lines += [f"{name:<{width}}  {on_one_line(text)}" for name, text in rows.items()]
    variables = record.inputs.values.get("variables") or {}
    if variables:
        lines += ["", styled("bold", "Variables")]
        lines += [f"  {name}={_variable(value)}" for name, value in variables.items()]
    if facts.from_conda:
        lines += ["", styled("bold", "From conda")]
        lines += [f"  {on_one_line(f'{line}: {what}')}" for line, what in facts.from_conda.items()]
    if facts.packages:
        lines += ["", styled("bold", "Packages"), *(f"  {item}" for item in facts.packages)]
    return "\n".join(lines)


def _variable(value: object) -> str:
    return "(sensitive value)" if value is None else on_one_line(str(value))


def environment_json(record: Record, facts: EnvironmentFacts) -> dict[str, Any]:
    """The same for machines; a secret is null."""
    return {
        "address": record.address,
        "name": record.name,
        "digest": _digest(record),
        "python": facts.python,
        "interpreter": facts.interpreter,
        "built_by": facts.built_by,
        "packages": list(facts.packages),
        "from_conda": dict(facts.from_conda),
        "variables": dict(record.inputs.values.get("variables") or {}),
    }
