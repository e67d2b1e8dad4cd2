"""Recorded resources as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.addresses import block_labels, label_of
from amlplan.cli.style import visible
from amlplan.cli.text.outputs import outputs_text
from amlplan.cli.text.runs import on_one_line
from amlplan.cli.text.values import SENSITIVE_VALUE, whole_value
from amlplan.pointers import tokens_of, with_value

if TYPE_CHECKING:
    from amlplan_schemas.state import Record, State


def state_text(state: State | None) -> str:
    """Every record and the outputs."""
    if state is None or not (state.records or state.outputs):
        return "The state is empty: nothing was applied yet."
    parts = [record_text(state.records[address]) for address in sorted(state.records)]
    if state.outputs:
        parts.append(f"Outputs:\n\n{outputs_text(state.outputs)}")
    return "\n\n".join(parts)


def record_text(record: Record) -> str:
    """One record in the look of its block, with what was computed."""
    values = {**record.inputs.values, **record.derived, **record.outputs.values}
    for path in record.inputs.secrets:
        values = with_value(values, tokens_of(path), SENSITIVE_VALUE)
    shown = {name: value for name, value in sorted(values.items()) if value not in (None, {}, [])}
    block, kind = block_labels(record.kind)
    kind_text = f' "{kind}"' if kind else ""
    label = label_of(record.address)
    note = "" if record.status == "ok" else f"  ({record.status})"
    width = max((len(name) for name in shown), default=0)
    lines = [f"# {record.address}:{note}", *_guards(record), f'{block}{kind_text} "{label}" {{']
    lines += [
        f"    {name:<{width}} = {whole_value(value, 4, ' ', full=True)}"
        for name, value in shown.items()
    ]
    return "\n".join([*lines, "}"])


def _guards(record: Record) -> list[str]:
    """What keeps the object from being destroyed, or why nothing does any more."""
    if record.protected:
        return ["# (protected by prevent_destroy)"]
    lifted = record.unprotected
    if lifted is None:
        return []
    return [visible(f"# (protection lifted by {lifted.by}: {on_one_line(lifted.why)})")]
