"""What a run was asked for, as its definition keeps it, so that it can be asked for again."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.abilities import Share
from amlplan.errors import RunError
from amlplan.job_container import JobContainer, Limits
from amlplan.runs.request import RunRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.history import RunDetail

REQUEST = "request"
_ELSEWHERE = frozenset({"parameters", "definition", "webhook"})
"""Fields that the definition has under names of its own, and one that is a secret."""
_OF_ITS_OWN = frozenset(
    {"program", "parameters", "snapshot", "commit", "inputs", "submitter", REQUEST}
    | {"grid", "member", "rerun_of", "resumed_from"}
)
"""What each run's definition says about that run alone."""


def recorded(request: RunRequest) -> dict[str, Any]:
    """A request as JSON; of secrets, the names."""
    found = {item.name: getattr(request, item.name) for item in fields(request)}
    told = {name: _told(value) for name, value in found.items() if name not in _ELSEWHERE}
    return {**told, "secrets": sorted(request.secrets)}


def _told(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [_told(item) for item in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return dict(value) if hasattr(value, "keys") else value


def secrets_in(run: RunDetail) -> list[str]:
    """The names of the environment variables of a run that were secrets."""
    return list(_request_in(run)["secrets"])


def has_webhook(run: RunDetail) -> bool:
    """Whether somebody was told how a run ended."""
    configuration = run.definition.get("configuration")
    return isinstance(configuration, dict) and configuration.get("webhook") is not None


def request_again(run: RunDetail, secrets: Mapping[str, str]) -> RunRequest:
    """The request that a run was started by; raises RunError where it was not recorded."""
    told = dict(_request_in(run))
    kept = {name: value for name, value in run.definition.items() if name not in _OF_ITS_OWN}
    known = {item.name for item in fields(RunRequest)}
    values = {name: _read(value) for name, value in told.items() if name in known}
    if told.get("distribution") is not None:
        from amlplan_schemas.run_config import RunDistribution

        values["distribution"] = RunDistribution.model_validate(told["distribution"])
    if told.get("container") is not None:
        values["container"] = _container(told["container"])
    if "share" in told:
        values["share"] = Share(**told["share"])
    values |= {
        "source": Path(told["source"]),
        "secrets": dict(secrets),
        "parameters": dict(run.definition["parameters"]),
        "definition": kept,
    }
    return RunRequest(**values)


def _container(told: Mapping[str, Any]) -> JobContainer:
    known = {item.name for item in fields(JobContainer)}
    kept = {name: value for name, value in told.items() if name in known}
    return JobContainer(**{**kept, "limits": Limits(**told["limits"])})


def _request_in(run: RunDetail) -> Mapping[str, Any]:
    told = run.definition.get(REQUEST)
    if not isinstance(told, dict):
        raise RunError(
            "The run cannot be repeated",
            f"{run.summary.id} was recorded without all that it was asked for. Start it anew with: "
            "amlplan run",
        )
    return told


def _read(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
