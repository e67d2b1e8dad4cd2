"""The conditions of a configuration: whether they hold, and what is wrong where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_schemas.plan import CheckKind, CheckResult, CheckStatus, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.config.evaluating.conditions import Verdict
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.diagnostics import Diagnostic


def checked(evaluation: Evaluation) -> tuple[list[Diagnostic], list[Note]]:
    """What of the checks does not hold as things are known now: errors, and notes."""
    problems: list[Diagnostic] = []
    notes: list[Note] = []
    for name, is_error, verdict in evaluation.checks():
        if is_error:
            problems += verdict.broken
        else:
            notes += [
                Note(code=item.code, text=item.detail, address=name) for item in verdict.broken
            ]
    return problems, notes


def check_results(evaluation: Evaluation, addresses: Iterable[str]) -> Iterator[CheckResult]:
    """Whether each check, and each condition of these objects and of every output, holds.

    The objects and outputs were evaluated before.
    """
    for name, _, verdict in evaluation.checks():
        yield _result(name, CheckKind.CHECK, verdict)
    for address in addresses:
        kind = evaluation.blocks[address].kind
        for word in (CheckKind.PRECONDITION, CheckKind.POSTCONDITION):
            if evaluation.conditions(address, word):
                yield _result(address, word, evaluation.verdict(address, word), kind)
    for name, verdict in evaluation.output_verdicts():
        yield _result(name, CheckKind.OUTPUT, verdict)


def _result(
    address: str, kind: CheckKind, verdict: Verdict, object_kind: str | None = None
) -> CheckResult:
    status = CheckStatus.UNKNOWN if verdict.is_open else CheckStatus.PASS
    if verdict.broken:
        stated = all(item.code.startswith("failed_") for item in verdict.broken)
        status = CheckStatus.FAIL if stated else CheckStatus.ERROR
    return CheckResult(
        address=address,
        kind=kind,
        status=status,
        messages=tuple(item.detail for item in verdict.broken),
        object_kind=object_kind,
    )
