"""The exceptions amlplan raises on purpose.

    AmlplanError
      ConfigError        the configuration is wrong; holds every diagnostic found
      PlanError          no plan can be made or carried out
        GateError        the plan has what -fail-on names
        UnknownAddressError  an option names an object that is nowhere
        StalePlanError   a saved plan no longer fits what it was made from
      StateError         the state cannot be used
        LockedError      somebody else holds the lock
        StateFormatError the file is empty, broken, foreign or newer than this amlplan
      HistoryError       the history of runs cannot be used, or has no such run
      RunError           a run cannot be started, or amlplan failed beside its script
      ProviderError      a provider could not do what it was asked
        MissingSdkError  the package a provider needs is not installed
        NotFoundError    the thing outside is not there
        AuthError        the target refused who we are
        QuotaError       the target has no room
        UnreachableError the target did not answer, so nothing is known about it
        CanceledError    the operation stopped because the user asked

Anything else that escapes is a defect of amlplan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.diagnostics import Diagnostic

EXIT_ERROR = 1
EXIT_DIFFERENCES = 2
EXIT_UNFORMATTED = 3
EXIT_CONFIG = 10
EXIT_AUTH = 11
EXIT_PARTIAL = 12
EXIT_POLICY = 13
"""A plan has what -fail-on names."""
EXIT_LOCKED = 14
EXIT_STATE = 15
EXIT_STALE_PLAN = 16
EXIT_RUN = 125
"""`amlplan run` where amlplan failed, not the script."""
EXIT_INTERRUPTED = 130


class AmlplanError(Exception):
    """Something amlplan can explain.

    `summary` names no names of the user's; `detail` says what is wrong, why, and what to do.
    """

    exit_code = EXIT_ERROR
    code = "error"

    def __init__(self, summary: str, detail: str = "", *, address: str | None = None) -> None:
        super().__init__(summary, detail)
        self.summary = summary
        self.detail = detail
        self.address = address

    def __str__(self) -> str:
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


class ConfigError(AmlplanError):
    """The configuration is wrong; `diagnostics` has every mistake found, in order."""

    exit_code = EXIT_CONFIG
    code = "invalid_configuration"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first = diagnostics[0]
        super().__init__(first.summary, first.detail, address=first.address)
        self.diagnostics = tuple(diagnostics)


class PlanError(AmlplanError):
    """No plan can be made, or the plan cannot be carried out."""

    code = "plan_failed"


class GateError(PlanError):
    """The plan has what -fail-on names; nothing was changed."""

    exit_code = EXIT_POLICY
    code = "gate_closed"


class UnknownAddressError(PlanError):
    """An option or argument names an object that is neither wanted nor recorded."""

    exit_code = EXIT_CONFIG
    code = "unknown_address"


class StalePlanError(PlanError):
    """A saved plan no longer fits the state or the files it was made from; plan again."""

    exit_code = EXIT_STALE_PLAN
    code = "stale_plan"


class StateError(AmlplanError):
    """The state cannot be read or written; nothing was changed."""

    exit_code = EXIT_STATE
    code = "state_error"


class LockedError(StateError):
    """Another process holds the state's lock; wait for it or end it."""

    exit_code = EXIT_LOCKED
    code = "state_locked"


class StateFormatError(StateError):
    """The state file is empty, broken, foreign, or written by a newer amlplan."""

    code = "state_format"


class HistoryError(AmlplanError):
    """The history of runs cannot be read or written, or has no such run; no event was lost."""

    code = "history_error"


class RunError(AmlplanError):
    """A run cannot be started, or amlplan failed beside its script."""

    code = "run_failed"


class ProviderError(AmlplanError):
    """A provider could not do what it was asked; the operation failed, nothing else is implied."""

    exit_code = EXIT_PARTIAL
    code = "provider_error"


class MissingSdkError(ProviderError):
    """A provider's package is missing; the detail names the extra that brings it."""

    exit_code = EXIT_ERROR
    code = "missing_sdk"


class NotFoundError(ProviderError):
    """The thing outside is certainly not there."""

    code = "not_found"


class AuthError(ProviderError):
    """The target refused who we are."""

    exit_code = EXIT_AUTH
    code = "authentication_failed"


class QuotaError(ProviderError):
    """The target has no room left: disk, quota, slots."""

    code = "quota_exceeded"


class UnreachableError(ProviderError):
    """The target did not answer, so nothing is known about what is there."""

    code = "unreachable"


class CanceledError(ProviderError):
    """The operation stopped because the user asked; the next apply goes on with it."""

    code = "canceled"
