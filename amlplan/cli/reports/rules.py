"""The rules that findings belong to: their ids are stable, since dashboards keep them."""

from __future__ import annotations

from amlplan.cli.reports.report import Level, Outcome, Rule
from amlplan_schemas.drift import PendingAction
from amlplan_schemas.plan import Action, DriftClass

_ERROR, _WARNING, _NOTE = Level.ERROR, Level.WARNING, Level.NOTE
_SKIPPED = Outcome.SKIPPED

DRIFT = {
    DriftClass.CHANGED_OUTSIDE: Rule(
        "drift/changed_outside", "ChangedOutside", "Changed outside", _WARNING, Outcome.FAILURE
    ),
    DriftClass.DELETED_OUTSIDE: Rule(
        "drift/deleted_outside", "DeletedOutside", "Deleted outside", _WARNING, Outcome.FAILURE
    ),
    DriftClass.UNMANAGED: Rule(
        "drift/unmanaged", "Unmanaged", "Not managed", _WARNING, Outcome.FAILURE
    ),
    DriftClass.UNREACHABLE: Rule(
        "drift/unreachable", "Unreachable", "Not reached", _ERROR, Outcome.ERROR
    ),
    DriftClass.PENDING_CONFIG: Rule(
        "drift/pending_config", "PendingConfig", "Not applied yet", _NOTE, _SKIPPED
    ),
}
PLAN = {
    Action.DELETE.value: Rule("plan/delete", "Delete", "To destroy", _WARNING, _SKIPPED),
    Action.REPLACE.value: Rule("plan/replace", "Replace", "To replace", _WARNING, _SKIPPED),
    Action.UPDATE.value: Rule("plan/update", "Update", "To change", _NOTE, _SKIPPED),
    Action.CREATE.value: Rule("plan/create", "Create", "To add", _NOTE, _SKIPPED),
    Action.FORGET.value: Rule("plan/forget", "Forget", "To let go of", _NOTE, _SKIPPED),
    Action.REFRESH.value: Rule("plan/refresh", "Refresh", "To take over", _NOTE, _SKIPPED),
    PendingAction.IMPORT.value: Rule("plan/import", "Import", "To import", _NOTE, _SKIPPED),
    PendingAction.MOVE.value: Rule("plan/move", "Move", "To move", _NOTE, _SKIPPED),
    PendingAction.DEFERRED.value: Rule("plan/deferred", "Deferred", "Deferred", _NOTE, _SKIPPED),
    PendingAction.BLOCKED.value: Rule("plan/blocked", "Blocked", "Blocked", _ERROR, Outcome.ERROR),
}
RULES = (*DRIFT.values(), *PLAN.values())
"""In the order in which reports have them."""
