"""Models that runs made: which run is chosen, and what of it becomes the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.content import digest_over
from amlplan.errors import HistoryError
from amlplan.history import Selection
from amlplan.provider import LockRequest
from amlplan_local.attached import request_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.history import History, OutputFile, RunDetail
    from amlplan.provider import Draft
    from amlplan_schemas.base import JsonValue

REQUEST_TYPE = "run"
_DECIDING = ("id", "history", "select", "metric", "goal", "aggregate", "where", "require", "path")


def run_request(draft: Draft) -> LockRequest | None:
    """The request of a model with `run {}`, None where what it needs is unknown."""
    asked, workspace = draft.values.get("run"), draft.referred.get("workspace")
    if asked is None or workspace is None or "name" not in workspace.values:
        return None
    request: dict[str, JsonValue] = {name: asked[name] for name in _DECIDING}
    request["workspace"] = workspace.values["name"]
    return LockRequest(
        request_key(REQUEST_TYPE, request),
        REQUEST_TYPE,
        request,
        required=False,
        absent=_absent(request),
        follows=asked["follow"],
    )


def selected_run(
    request: Mapping[str, JsonValue], history: History
) -> Mapping[str, JsonValue] | None:
    """The run that a request chooses now, as the lock keeps it; None where none fits."""
    path = str(request["path"])
    if request["id"] is not None:
        run = _named(str(request["id"]), history)
        return None if run is None else _entry(run, _files_below(path, run.outputs), path, {})
    required = request["require"]
    chosen = history.select(
        Selection(
            history=str(request["history"]),
            select=request["select"],
            metric=request["metric"],
            goal=request["goal"],
            aggregate=request["aggregate"],
            where=request["where"],
            require=[(required["metric"], required["at_least"])] if required else [],
            path=path,
        )
    )
    if chosen is None:
        return None
    metric = {} if chosen.value is None else {"metric": request["metric"], "value": chosen.value}
    files = _files_below(path, chosen.outputs)
    return _entry(history.run(chosen.run.id), files, path, metric)


def _named(run_id: str, history: History) -> RunDetail | None:
    """The completed run of an id; None where there is none."""
    try:
        run = history.run(run_id)
    except HistoryError:
        return None
    return run if run.summary.status == "Completed" else None


def _files_below(path: str, outputs: Mapping[str, OutputFile]) -> dict[str, OutputFile]:
    """The outputs at or below a path, by their place in the model."""
    prefix = f"{path.rstrip('/')}/"
    return {
        name.removeprefix(prefix) if name.startswith(prefix) else name.rpartition("/")[2]: output
        for name, output in sorted(outputs.items())
        if name == path or name.startswith(prefix)
    }


def _entry(
    run: RunDetail,
    files: Mapping[str, OutputFile],
    path: str,
    metric: Mapping[str, JsonValue],
) -> Mapping[str, JsonValue] | None:
    if not files:
        return None
    digests = {name: output.digest for name, output in files.items()}
    facts = {name: run.definition.get(name) for name in ("snapshot", "commit")}
    return {
        "run": run.summary.id,
        "digest": digest_over(digests),
        "files": digests,
        "size": sum(output.size for output in files.values()),
        "lineage": {
            "run": run.summary.id,
            "history": run.summary.history,
            "number": run.summary.number,
            "path": path,
            **{name: value for name, value in facts.items() if value},
            **metric,
        },
    }


def run_offer(
    locked: Mapping[str, JsonValue] | None, current: Mapping[str, JsonValue]
) -> str | None:
    """The run that would be chosen now, beside the locked one."""
    now = current["lineage"]
    if locked is None:
        return f"{run_name(now)} could be taken{_measured(now)} and is not locked yet"
    if locked["run"] == current["run"]:
        return None
    was = locked["lineage"]
    new, old = run_name(now), run_name(was)
    if new == old:  # one of an earlier workspace: numbers begin again in each
        new, old = f"run {current['run']}", f"run {locked['run']}"
    if "value" in now and "value" in was and now["value"] != was["value"]:
        better = f"{new} is better: {now['metric']} {now['value']:g}"
        return f"{better}, and the locked {old} has {was['value']:g}"
    return f"{new} would be chosen now, and {old} is locked"


def run_name(lineage: Mapping[str, JsonValue]) -> str:
    """A run as people speak of it."""
    if lineage.get("number") is None:
        return f"run {lineage['run']}"
    return f"run {lineage['number']} of {lineage['history']}"


def _measured(lineage: Mapping[str, JsonValue]) -> str:
    return f" ({lineage['metric']} {lineage['value']:g})" if "value" in lineage else ""


def metric_change(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> str:
    """Both metrics of a change from one run to another, empty where they cannot be compared."""
    if before.get("metric") != after.get("metric") or "value" not in after:
        return ""
    if "value" not in before or before.get("run") == after.get("run"):
        return ""
    change = f"{before['value']:g} -> {after['value']:g}"
    return f"{after['metric']} {change} ({run_name(before)} -> {run_name(after)})"


def _absent(request: Mapping[str, JsonValue]) -> str:
    if request["id"] is not None:
        return f"no completed run {request['id']} that gave {request['path']}"
    why = f"no completed run in {request['history']}"
    if request["require"]:
        why += f" reaches {request['require']['metric']} {request['require']['at_least']:g} and"
    elif request["where"]:
        why += " has these tags and"
    return f"{why} gave {request['path']}"
