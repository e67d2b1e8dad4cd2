"""Exports runs to an MLflow server, each once however often it is asked for.

A run there has the tag `amlplan.run_id`, and `amlplan.exported` once all of it is there: what an
export that was interrupted left is deleted and made again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.errors import NotFoundError
from amlplan.history import FINAL
from amlplan.looking.mlflow.names import (
    LONGEST_PARAMETER,
    LONGEST_TAG,
    cut,
    number_of,
    pairs,
)
from amlplan.looking.mlflow.names import name_of as mlflow_name
from amlplan.runs.outputs import content_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from amlplan.history import RunDetail
    from amlplan.looking.mlflow.server import MlflowServer
    from amlplan.runs.place import RunPlace

OWN_TAG, WHOLE_TAG = "amlplan.run_id", "amlplan.exported"
AT_ONCE = 500
PAIRS_AT_ONCE = 50
_STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
_SERVED = "mlflow-artifacts:"


@dataclass(slots=True)
class Exported:
    """What an export did: the ids there of runs that were made now, and how many were there.

    `without_files` counts runs whose server keeps artifacts where only its clients can write.
    """

    made: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    going_on: list[str] = field(default_factory=list)
    without_files: int = 0


@dataclass(slots=True)
class Exporter:
    """Exports runs of one workspace; `progress` is told of each run that is made."""

    place: RunPlace
    server: MlflowServer
    with_files: bool = True
    progress: Callable[[str], None] = lambda _run: None
    done: Exported = field(default_factory=Exported)
    _experiments: dict[str, str] = field(default_factory=dict)

    def export(self, runs: Sequence[RunDetail]) -> Exported:
        """Export runs, parents before their children. Blocks; raises ProviderError."""
        for run in runs:
            self._export(run)
        return self.done

    def _export(self, run: RunDetail) -> None:
        run_id = run.summary.id
        if run.summary.status not in FINAL:
            self.done.going_on.append(run_id)
            return
        experiment = self._experiment(run.summary.history)
        known = self._known(experiment, run_id)
        if known is not None:
            self.done.there[run_id] = known
            self._log(known, tags=pairs(run.tags, LONGEST_TAG))
            return
        self.progress(run_id)
        made = self._create(experiment, run)
        self._fill(made["info"]["run_id"], run)
        if self.with_files:
            self._send_files(str(made["info"].get("artifact_uri", "")), run)
        self._finish(made["info"]["run_id"], run)
        self.done.made[run_id] = made["info"]["run_id"]

    def _experiment(self, history: str) -> str:
        if history not in self._experiments:
            try:
                found = self.server.get("experiments/get-by-name", experiment_name=history)
                self._experiments[history] = found["experiment"]["experiment_id"]
            except NotFoundError:
                made = self.server.post("experiments/create", {"name": history})
                self._experiments[history] = made["experiment_id"]
        return self._experiments[history]

    def _known(self, experiment: str, run_id: str) -> str | None:
        """The run there that has all of a run; what has only a part of it is deleted."""
        found = self.server.post(
            "runs/search",
            {
                "experiment_ids": [experiment],
                "filter": f"tags.`{OWN_TAG}` = '{run_id}'",
                "max_results": 100,
            },
        )
        for run in found.get("runs", []):
            tags = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
            if tags.get(WHOLE_TAG) == "true":
                return str(run["info"]["run_id"])
            self.server.post("runs/delete", {"run_id": run["info"]["run_id"]})
        return None

    def _create(self, experiment: str, run: RunDetail) -> Any:
        summary = run.summary
        name = summary.name if summary.number is None else f"{summary.name} {summary.number}"
        tags = {
            OWN_TAG: summary.id,
            "mlflow.runName": name,
            "mlflow.user": summary.by,
            "mlflow.source.name": " ".join(map(str, run.definition.get("program") or [])),
            "amlplan.definition": json.dumps(run.definition, ensure_ascii=True),
        }
        if run.definition.get("commit"):
            tags["mlflow.source.git.commit"] = str(run.definition["commit"])
        parent = self._there(summary.parent)
        if parent is not None:
            tags["mlflow.parentRunId"] = parent
        body = {
            "experiment_id": experiment,
            "run_name": cut(name, LONGEST_PARAMETER),
            "user_id": summary.by,
            "start_time": round((summary.started or summary.created) * 1000),
            "tags": pairs(tags, LONGEST_TAG),
        }
        return self.server.post("runs/create", body)["run"]

    def _there(self, run_id: str | None) -> str | None:
        return None if run_id is None else self.done.made.get(run_id) or self.done.there.get(run_id)

    def _fill(self, there: str, run: RunDetail) -> None:
        self._log(there, parameters=pairs(run.parameters, LONGEST_PARAMETER))
        texts = {
            name: str(metric.last.value)
            for name, metric in run.metrics.items()
            if number_of(metric.last.value) is None
        }
        self._log(there, tags=pairs({**texts, **run.properties, **run.tags}, LONGEST_TAG))
        for name in run.metrics:
            for batch in _batches(list(self._points(run, name)), AT_ONCE):
                self.server.post("runs/log-batch", {"run_id": there, "metrics": batch})

    def _points(self, run: RunDetail, name: str) -> Iterator[dict[str, Any]]:
        key = mlflow_name(name)
        for place, point in enumerate(self.place.history.series(run.summary.id, name)):
            value = number_of(point.value)
            if value is not None:
                step = place if point.step is None else point.step
                moment = round(point.time * 1000)
                yield {"key": key, "value": value, "timestamp": moment, "step": step}

    def _log(
        self,
        there: str,
        parameters: Sequence[dict[str, str]] = (),
        tags: Sequence[dict[str, str]] = (),
    ) -> None:
        for name, every in (("params", parameters), ("tags", tags)):
            for batch in _batches(every, PAIRS_AT_ONCE):
                self.server.post("runs/log-batch", {"run_id": there, name: batch})

    def _send_files(self, uri: str, run: RunDetail) -> None:
        """Send what the run gave, and its log, where the server itself keeps artifacts."""
        log = self.place.folder_of(run.summary.id) / "log.txt"
        is_root = self.place.folder_of(run.summary.id).name == run.summary.id
        files = {
            path: content_path(self.place, run.summary.id, each)
            for path, each in run.outputs.items()
        }
        if is_root and log.exists():
            files["amlplan/log.txt"] = log
        if not files:
            return
        if not uri.startswith(_SERVED):
            self.done.without_files += 1
            return
        folder = uri.removeprefix(_SERVED).lstrip("/")
        for path, file in files.items():
            if file.exists():
                self.server.upload(f"{folder}/{path}", file)

    def _finish(self, there: str, run: RunDetail) -> None:
        ended = round((run.summary.ended or run.summary.created) * 1000)
        status = _STATUSES[run.summary.status]
        self.server.post("runs/update", {"run_id": there, "status": status, "end_time": ended})
        self.server.post("runs/set-tag", {"run_id": there, "key": WHOLE_TAG, "value": "true"})


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
