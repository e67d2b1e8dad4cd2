"""A plan as text: operations, drift, what waits and what is stuck, and the closing summary."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from amlplan.addresses import block_labels, label_of
from amlplan.cli.style import styled, visible
from amlplan.cli.text.records import record_text
from amlplan.cli.text.values import (
    CHANGED_SENSITIVE_VALUE,
    SENSITIVE_VALUE,
    SYMBOLS,
    UNKNOWN_VALUE,
    changed_value,
    is_reference,
    scalar_text,
    unchanged_text,
    whole_value,
)
from amlplan.pointers import tokens_of, top_field, value_at, with_value
from amlplan.wording import few
from amlplan_schemas.plan import KIND, Action, DriftClass, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amlplan_schemas.drift import DriftedObject
    from amlplan_schemas.plan import Drift, FieldChange, Note, Operation, OutputChange, Plan

NO_CHANGES = "No changes. Your environment matches the configuration."
NO_CHANGES_HERE = "No changes. What this plan is about matches the configuration."
NOTHING_LEFT = "No changes. No objects need to be destroyed."
_HEADLINES = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.REPLACE: "must be replaced",
    Action.DELETE: "will be destroyed",
    Action.FORGET: "will be let go of, and stays as it is",
    Action.REFRESH: "will be recorded as it is now",
}
_SYMBOLS = {
    Action.CREATE: SYMBOLS["+"],
    Action.UPDATE: SYMBOLS["~"],
    Action.REPLACE: f"{SYMBOLS['-']}/{SYMBOLS['+']}",
    Action.DELETE: SYMBOLS["-"],
    Action.FORGET: ".",
    Action.REFRESH: "<=",
}
_WIDTHS = {Action.REPLACE: 3, Action.REFRESH: 2}
_REASONS = {
    Reason.DRIFTED: "because it was changed outside of amlplan",
    Reason.DELETED_OUTSIDE: "because it was deleted outside of amlplan",
    Reason.NO_CONFIGURATION: "because it is not in the configuration",
    Reason.REMOVED: "because a removed block says so",
    Reason.TAINTED: "because it is tainted: its creation, or its replacement, failed half-way",
    Reason.TRIGGERED: "because something that it is replaced with changes",
    Reason.INCOMPLETE: "because an earlier apply did not finish it",
    Reason.NO_MODULE: "because its module is not in the configuration",
    Reason.COUNT_INDEX: "because count does not reach its index any more",
    Reason.EACH_KEY: "because for_each has its key no more",
    Reason.WRONG_REPETITION: "because its block is repeated in another way now",
    Reason.REQUESTED: "because an option asks for it",
    Reason.DEPOSED: "because it was replaced, and is still there",
    Reason.REFRESHED: "because it was changed outside of amlplan",
}
_DESTRUCTIVE_FIRST = (
    Action.DELETE,
    Action.REPLACE,
    Action.UPDATE,
    Action.CREATE,
    Action.FORGET,
    Action.REFRESH,
)
_CONTEXT_FIELDS = frozenset({"id", "name"})


def plan_text(plan: Plan) -> str:
    """The whole plan; its last line is the one that tools match."""
    sections = [
        *_drift_section(plan.drift),
        *_move_section(plan.moves),
        *_import_section(plan),
        *_operation_section(plan),
        *_waiting("Deferred, until something else happens:", plan.deferred),
        *_waiting("Blocked:", plan.blocked),
        *filter(None, [notes_text(plan.notes)]),
        *_outputs(plan.outputs),
        *_left_out(plan),
        _summary(plan),
    ]
    return "\n\n".join(sections)


def counts(plan: Plan) -> tuple[int, int, int]:
    """How many objects are added, changed and destroyed; a replacement is two of these."""
    actions = [operation.action for operation in plan.operations]
    replaced = actions.count(Action.REPLACE)
    return (
        actions.count(Action.CREATE) + replaced,
        actions.count(Action.UPDATE),
        actions.count(Action.DELETE) + replaced,
    )


def is_stuck(plan: Plan) -> bool:
    """Whether something keeps an apply of the plan from success."""
    return bool(plan.blocked) or (plan.mode == "import" and not plan.imports)


def _move_section(moves: Mapping[str, str]) -> Iterator[str]:
    if moves:
        lines = [f"  # {styled('bold', name)} has moved to {now}" for name, now in moves.items()]
        yield "\n".join(lines)


def _import_section(plan: Plan) -> Iterator[str]:
    lines = [
        f"  # {styled('bold', item.address)} will be imported\n  # (id {visible(item.id)})\n"
        + textwrap.indent(record_text(item.record).partition("\n")[2], "    ")
        for item in plan.imports
    ]
    if lines:
        yield "\n".join(lines)


def _operation_section(plan: Plan) -> Iterator[str]:
    if not plan.operations:
        return
    yield "amlplan will perform these actions:"
    for operation in plan.operations:
        yield operation_text(operation)


def operation_text(operation: Operation) -> str:
    """One operation: a headline, the reason, and its attributes."""
    headline = _HEADLINES[operation.action]
    if operation.action is Action.FORGET and operation.reason is Reason.DELETED_OUTSIDE:
        headline = "will be recorded no longer"
    lines = [f"  # {styled('bold', f'{_name(operation)} {headline}')}"]
    lines += [f"  # ({reason})" for reason in _reasons(operation)]
    if operation.action is Action.FORGET:
        return "\n".join(lines)
    block, kind = block_labels(operation.kind)
    label = label_of(operation.address)
    kind_text = f' "{kind}"' if kind else ""
    lines.append(f'{_symbol(operation)} {block}{kind_text} "{label}" {{')
    lines += _attributes(operation)
    lines.append("    }")
    return "\n".join(lines)


def _name(operation: Operation) -> str:
    """The address, with what tells an object that was replaced from that of now."""
    if operation.deposed is None:
        return operation.address
    return f"{operation.address} (replaced object {operation.deposed})"


def _symbol(operation: Operation) -> str:
    """What an operation does, in three columns."""
    symbol = _SYMBOLS[operation.action]
    if operation.create_first:
        symbol = f"{SYMBOLS['+']}/{SYMBOLS['-']}"
    return " " * (3 - _WIDTHS.get(operation.action, 1)) + symbol


def _reasons(operation: Operation) -> Iterator[str]:
    if operation.reason in _REASONS:
        yield _REASONS[operation.reason]
    for change in operation.changes:
        if change.path == KIND:
            yield f"it was of kind {change.before}, and becomes {change.after}"
    if operation.note:
        yield visible(operation.note)
    if not operation.calls_provider:
        yield "only the state is written"


def _attributes(operation: Operation) -> list[str]:
    before, after = _sides(operation)
    if operation.action is Action.CREATE:
        return _whole(after or {}, "+", operation)
    if operation.action is Action.DELETE:
        return _whole(before or {}, "-", operation)
    return _changed(before or {}, after or {}, operation)


def _sides(operation: Operation) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides with words where a value is hidden."""
    before, after = operation.before, operation.after
    for path in operation.unknown:
        if after is not None:
            after = with_value(after, tokens_of(path), UNKNOWN_VALUE)
            name = top_field(path)
            if name in operation.expected:
                after[name] = _foreseen(operation, name)
    changes = {change.path: change for change in operation.changes if change.sensitive}
    for path in operation.sensitive:
        change = changes.get(path)
        if before is not None and _held_secret(before, path, change):
            before = with_value(before, tokens_of(path), SENSITIVE_VALUE)
        if after is not None and (path in operation.secrets or _leaf(after, path) is not None):
            hidden = CHANGED_SENSITIVE_VALUE if change else SENSITIVE_VALUE
            after = with_value(after, tokens_of(path), hidden)
    return before, after


def _foreseen(operation: Operation, name: str) -> Any:
    """What is expected of an output; one that is to stay, or to be nothing, is shown as it is."""
    value = operation.expected[name]
    if value is None or (operation.before and operation.before.get(name) == value):
        return value
    return type(UNKNOWN_VALUE)(f"{scalar_text(value)} (expected)")


def _held_secret(before: dict[str, Any], path: str, change: FieldChange | None) -> bool:
    """Whether something was there that a secret stands for now, or stood for then."""
    return change is None or not change.added or _leaf(before, path) is not None


def _leaf(tree: dict[str, Any], path: str) -> Any:
    try:
        return value_at(tree, path)
    except (LookupError, TypeError, ValueError):
        return None


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list | tuple) and not value)


def _without_nulls(value: Any) -> Any:
    """A value without the arguments of its inner blocks that nobody set."""
    if isinstance(value, dict) and not is_reference(value):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _whole(values: dict[str, Any], symbol: str, operation: Operation) -> list[str]:
    shown = {name: value for name, value in sorted(values.items()) if not _is_empty(value)}
    width = max((len(name) for name in shown), default=0)
    gone = f" {styled('yellow', '->')} null" if operation.action is Action.DELETE else ""
    return [
        f"      {SYMBOLS[symbol]} {name:<{width}} = "
        f"{whole_value(_without_nulls(value), 8, symbol)}{gone}"
        for name, value in shown.items()
    ]


def _changed(before: dict[str, Any], after: dict[str, Any], operation: Operation) -> list[str]:
    touched = {top_field(change.path) for change in operation.changes}
    forced = {top_field(item.path) for item in operation.changes if item.forces_replacement}
    names = sorted({*before, *after})
    changed = [name for name in names if name in touched or before.get(name) != after.get(name)]
    context = [name for name in names if name in _CONTEXT_FIELDS and name not in changed]
    width = max((len(name) for name in (*changed, *context)), default=0)
    lines = []
    for name in sorted([*changed, *context]):
        old, new = before.get(name), after.get(name)
        if name in context:
            lines.append(f"        {name:<{width}} = {scalar_text(new)}")
            continue
        symbol, text = _side_by_side(old, new)
        force = f" {styled('red', '# forces replacement')}" if name in forced else ""
        lines.append(f"      {SYMBOLS[symbol]} {name:<{width}} = {text}{force}")
    hidden = sum(
        1
        for name in names
        if name not in changed and name not in context and not _is_empty(before.get(name))
    )
    if hidden:
        lines.append(f"        {unchanged_text(hidden, 'attribute')}")
    return lines


def _side_by_side(old: Any, new: Any) -> tuple[str, str]:
    if _is_empty(old) and not _is_empty(new):
        return "+", whole_value(_without_nulls(new), 8, "+")
    if _is_empty(new) and not _is_empty(old):
        gone = whole_value(_without_nulls(old), 8, "-")
        return "-", f"{gone} {styled('yellow', '->')} null"
    return "~", changed_value(old, new, 8)


def _drift_section(drift: Iterable[Drift]) -> Iterator[str]:
    shown = [item for item in drift if item.drift_class is not DriftClass.UNREACHABLE]
    if shown:
        yield "\n\n".join(["Objects have changed outside of amlplan:", *map(drift_text, shown)])


def drift_text(drift: Drift | DriftedObject) -> str:
    """One drifted resource with its fields."""
    words = {
        DriftClass.CHANGED_OUTSIDE: "was changed",
        DriftClass.DELETED_OUTSIDE: "was deleted",
        DriftClass.UNMANAGED: f"is not managed ({drift.kind} {visible(drift.name)})",
        DriftClass.UNREACHABLE: "could not be reached",
    }
    is_told = drift.drift_class in {DriftClass.UNREACHABLE, DriftClass.UNMANAGED}
    reason = f": {visible(drift.reason)}" if is_told and drift.reason else ""
    lines = [f"  # {styled('bold', f'{drift.address} {words[drift.drift_class]}')}{reason}"]
    for change in drift.changes:
        name = visible(".".join(tokens_of(change.path)))
        before, after = change.before, change.after
        if change.sensitive:
            before = after = SENSITIVE_VALUE
        if change.added and before is None:
            lines.append(f"      {SYMBOLS['+']} {name} = {whole_value(after, 6, '+')}")
        else:
            lines.append(f"      {SYMBOLS['~']} {name} = {changed_value(before, after, 6)}")
    return "\n".join(lines)


def _waiting(title: str, items: Iterable[Any]) -> Iterator[str]:
    lines = [
        f"  # {styled('bold', item.address)}: {visible(item.reason)}\n"
        f"      next: {visible(item.next_step)}"
        for item in items
    ]
    if lines:
        yield "\n".join([title, "", *lines])


def notes_text(notes: Iterable[Note]) -> str:
    """Notes, a line each; nothing where there are none."""
    lines = [
        f"  - {f'{note.address}: ' if note.address else ''}{visible(note.text)}" for note in notes
    ]
    return "\n".join(["Notes:", "", *lines]) if lines else ""


def _outputs(changes: Iterable[OutputChange]) -> Iterator[str]:
    lines = []
    shown = list(changes)
    width = max((len(change.name) for change in shown), default=0)
    for change in shown:
        after: Any = UNKNOWN_VALUE if change.unknown else change.after
        before: Any = change.before
        if change.sensitive:
            before = SENSITIVE_VALUE
            after = SENSITIVE_VALUE if change.action == "create" else CHANGED_SENSITIVE_VALUE
        name = f"{change.name:<{width}}"
        if change.action == "create":
            lines.append(f"  {SYMBOLS['+']} {name} = {whole_value(after, 4, '+')}")
        elif change.action == "delete":
            lines.append(f"  {SYMBOLS['-']} {name} = {whole_value(before, 4, '-')} -> null")
        else:
            lines.append(f"  {SYMBOLS['~']} {name} = {changed_value(before, after, 4)}")
    if lines:
        yield "\n".join(["Changes to outputs:", "", *lines])


def _left_out(plan: Plan) -> Iterator[str]:
    options = plan.options
    if plan.mode != "import" and (options.targets or options.excluded):
        there = f": {few(plan.left_out)}" if plan.left_out else ""
        yield f"This plan is about a part only, as its options ask. It leaves out the rest{there}."


def _summary(plan: Plan) -> str:
    if not plan.operations:
        if plan.outputs or plan.moves or plan.imports:
            return f"{styled('bold', 'Plan:')} {_total(plan)}"
        if plan.deferred or plan.blocked:
            return "No operation can be planned now; see above for what has to happen first."
        about_nothing = not plan.unchanged and not plan.drift and plan.left_out
        if (plan.options.targets or plan.options.excluded) and about_nothing:
            return "The options leave out all that they name: nothing is left to plan."
        if plan.options.targets or plan.options.excluded:
            return styled("green", NO_CHANGES_HERE)
        return styled("green", NOTHING_LEFT if plan.mode == "destroy" else NO_CHANGES)
    names = [_name(operation) for operation in plan.operations]
    width = max(map(len, [*names, *(item.address for item in plan.blocked)]))
    lines = ["Summary, destructive changes first:", ""]
    for action in _DESTRUCTIVE_FIRST:
        lines += [
            f"  {_symbol(item)} {_name(item):<{width}}  {_why(item)}".rstrip()
            for item in plan.operations
            if item.action is action
        ]
    lines += [
        f"    ! {item.address:<{width}}  blocked: {visible(item.reason)}" for item in plan.blocked
    ]
    return "\n".join([*lines, "", f"{styled('bold', 'Plan:')} {_total(plan)}"])


def _total(plan: Plan) -> str:
    """What tools match: how much is added, changed and destroyed, after what is imported."""
    added, changed, destroyed = counts(plan)
    imported = f"{len(plan.imports)} to import, " if plan.imports else ""
    return f"{imported}{added} to add, {changed} to change, {destroyed} to destroy."


def _why(operation: Operation) -> str:
    if operation.action is Action.REPLACE:
        forced = sorted(
            {top_field(item.path) for item in operation.changes if item.forces_replacement}
        )
        if forced:
            return f"{', '.join(forced)} forces replacement"
    if operation.reason is Reason.DRIFTED:  # a note as "unchanged" would tell the contrary
        note = f"; {visible(operation.note)}" if operation.note else ""
        return f"{_REASONS[operation.reason]}{note}"
    if operation.note:
        return visible(operation.note)
    if operation.reason in _REASONS:
        return _REASONS[operation.reason]
    if operation.action is Action.UPDATE:
        fields = sorted({top_field(item.path) for item in operation.changes})
        return f"{', '.join(fields)} changed"
    return ""
