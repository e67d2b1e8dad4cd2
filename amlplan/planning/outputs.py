"""The outputs of a configuration: their values, and how they differ from the recorded ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic, error
from amlplan.secrets import reveal
from amlplan.values import UNKNOWN, is_sensitive, is_wholly_known
from amlplan_schemas.plan import OutputChange
from amlplan_schemas.state import Secret, StateOutput

if TYPE_CHECKING:
    from collections.abc import Collection

    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.planning.compare import SecretDigests
    from amlplan.values import Value
    from amlplan_schemas.state import State


def output_changes(
    evaluation: Evaluation | None,
    state: State,
    digests: SecretDigests,
    waiting: Collection[str] = (),
    left_out: Collection[str] = (),
) -> tuple[tuple[OutputChange, ...], list[Diagnostic]]:
    """How the outputs change, by name, and what is wrong with them; no evaluation, no outputs.

    An output of what is `waiting` (addresses that are deferred or blocked) does not change, and
    neither does one that is `left_out`.
    """
    values, problems = evaluation.outputs() if evaluation is not None else ({}, [])
    changes: list[OutputChange] = []
    for name in sorted({*values, *state.outputs}):
        before = state.outputs.get(name)
        if name in left_out:
            continue
        if name not in values:
            if evaluation is None or name not in evaluation.configuration.outputs:
                changes.append(_removed(name, before))
            continue
        if evaluation is not None and not evaluation.output_dependencies(name).isdisjoint(waiting):
            continue
        change = _change(name, before, values[name], digests)
        if change is not None:
            changes.append(change)
    if evaluation is not None:
        problems += _not_marked(evaluation, values)
    return tuple(changes), problems


def _removed(name: str, before: StateOutput | None) -> OutputChange:
    sensitive = before is not None and before.secret is not None
    value = before.value if before is not None else None
    return OutputChange(name=name, action="delete", before=value, sensitive=sensitive)


def _change(
    name: str, before: StateOutput | None, value: Value, digests: SecretDigests
) -> OutputChange | None:
    unknown = not is_wholly_known(value)
    sensitive = is_sensitive(value) or (before is not None and before.secret is not None)
    if not unknown:
        now = recorded_output(value, digests)
        if before is not None and now == before:
            return None
        if now is None:
            return None
        after = None if sensitive else now.value
    else:
        after = None
    return OutputChange(
        name=name,
        action="create" if before is None else "update",
        before=before.value if before is not None and not sensitive else None,
        after=after,
        unknown=unknown,
        sensitive=sensitive,
    )


def _not_marked(evaluation: Evaluation, values: dict[str, Value]) -> list[Diagnostic]:
    return [
        error(
            "sensitive_output",
            "Output shows a sensitive value",
            f'The value of output "{name}" is sensitive, and would be shown. If it may be told '
            "on request, add: sensitive = true",
            evaluation.configuration.outputs[name].value.range,
            context=f'output "{name}"',
        )
        for name, value in values.items()
        if is_sensitive(value) and not evaluation.configuration.outputs[name].sensitive
    ]


def recorded_output(value: Value, digests: SecretDigests) -> StateOutput | None:
    """What the state keeps of a known output: its value, or a digest; None where it has none."""
    if is_sensitive(value):
        revealed = reveal(value, digests.secrets)
        if revealed is UNKNOWN:
            return None
        return StateOutput(secret=Secret(digest=digests.secrets.digest(revealed, digests.salt)))
    return StateOutput(value=reveal(value, digests.secrets))
