"""What is known of a run: read from the events where it is this script's, else asked for."""

from amlplan_run import records
from amlplan_run.azureml import family
from amlplan_run.azureml.asking import asked
from amlplan_run.service import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def facts_of(identity: str) -> "Dict[str, Any]":
    """The fields of a run as the service has them; raises where another's cannot be had."""
    if family.native_of(identity) is None:
        answer = asked("GET", "/amlplan/runs/" + quoted(identity))
        answer["metrics"] = {name: _numbers(each) for name, each in answer["metrics"].items()}
        return answer
    mine = family.records().events(_key(identity))
    status, reason = records.status_of(mine)
    return {
        **records.described(mine),
        "id": identity,
        "status": status,
        "reason": reason,
        "metrics": metrics_of(mine),
        "tags": records.tags_of(mine),
        "properties": records.properties_of(mine),
        "children": family.records().children(identity),
    }


def _key(identity: str) -> "Any":
    mine = family.own()
    return identity if identity != mine.id or mine._recorder.is_alone else None  # noqa: SLF001


def metrics_of(events: "List[Dict[str, Any]]") -> "Dict[str, Any]":
    """What was logged under each name: a series, a list, or the columns of a table."""
    metrics = {}  # type: Dict[Any, Any]
    for event in events:
        kind, name = event["type"], event.get("name")
        if kind == "metric":
            _started(metrics, name, list).append(_number(event))
        elif kind == "list":
            _started(metrics, name, list).extend(plain(event["values"]))
        elif kind == "table":
            metrics[name] = plain(event["values"])
        elif kind == "row":
            columns = _started(metrics, name, dict)
            for column, value in plain(event["values"]).items():
                columns.setdefault(column, []).append(value)
        elif kind == "image":
            _started(metrics, name, list).append(event.get("path"))
    return metrics


def _started(metrics: "Dict[Any, Any]", name: object, kind: type) -> "Any":
    """What a name has so far; it begins anew where something of another kind has it."""
    if not isinstance(metrics.get(name), kind):
        metrics[name] = kind()
    return metrics[name]


def _number(event: "Dict[str, Any]") -> object:
    return _SPECIAL[event["value"]] if event.get("special") else event["value"]


def _numbers(values: "List[Any]") -> "List[Any]":
    """A series as the service tells it, where numbers that are not finite are words."""
    return [_SPECIAL.get(each, each) if isinstance(each, str) else each for each in values]


def plain(value: "Any") -> "Any":
    """Values as they were logged, numbers that JSON has no word for among them."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict) and set(value) == {"special"}:
        return _SPECIAL.get(value["special"], value["special"])
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def shown_metrics(metrics: "Dict[str, Any]") -> "Dict[str, Any]":
    """Metrics as the SDK gives them: what was logged once is no list."""
    return {name: _single(value) for name, value in metrics.items()}


def _single(value: "Any") -> "Any":
    if isinstance(value, dict):
        return {name: _single(column) for name, column in value.items()}
    return value[0] if isinstance(value, list) and len(value) == 1 else plain(value)
