"""The run that amlplan began is the first of a script, all others are its children."""

from __future__ import annotations

import json
from typing import Any

import pytest

from endpoint_workbench import API, Endpoint


def _create(endpoint: Endpoint, rank: str = "", **more: Any) -> Any:
    headers = {"X-Amlplan-Rank": rank} if rank else {}
    return endpoint.post(f"{API}/runs/create", {"experiment_id": "0", **more}, **headers)["run"]


def _tags(run: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def test_an_experiment_of_any_name_is_the_one_of_the_run(endpoint: Endpoint) -> None:
    found = endpoint.get(f"{API}/experiments/get-by-name?experiment_name=my%20own")["experiment"]
    made = endpoint.post(f"{API}/experiments/create", {"name": "another"})["experiment_id"]
    by_id = endpoint.get(f"{API}/experiments/get?experiment_id=77")["experiment"]
    child = _create(endpoint)

    run = endpoint.run()
    assert found["name"] == "my own"
    assert {found["experiment_id"], made, by_id["experiment_id"]} == {run["info"]["experiment_id"]}
    assert _tags(run)["mlflow.experiment"] == _tags(child)["mlflow.experiment"] == "77"
    assert [event["value"] for event in endpoint.events("tag")][:2] == ["my own", "another"]


def test_children_have_their_own_names_values_and_ends(endpoint: Endpoint) -> None:
    fold = _create(endpoint, run_name="fold")["info"]
    parent = {"key": "mlflow.parentRunId", "value": fold["run_id"]}
    inner = _create(endpoint, tags=[parent, {"key": "mlflow.runName", "value": "inner"}])
    endpoint.log("acc", 0.5, run=fold["run_id"])
    for run, status in ((fold["run_id"], "FINISHED"), (inner["info"]["run_id"], "FAILED")):
        endpoint.post(f"{API}/runs/update", {"run_id": run, "status": status, "end_time": 1})
    endpoint.end()

    endpoint.history.sync(endpoint.root, wait=True)
    detail = endpoint.history.run(f"{endpoint.root}.1")
    assert (detail.summary.name, detail.summary.status) == ("fold", "Completed")
    assert detail.metrics["acc"].last.value == 0.5
    (child,) = detail.children
    assert (child.id, child.status) == (f"{endpoint.root}.1.1", "Failed")
    assert child.name == "inner"
    assert _tags(inner)["mlflow.parentRunId"] == fold["run_id"]


def test_the_end_of_the_run_itself_is_not_the_scripts_to_tell(endpoint: Endpoint) -> None:
    ended = {"run_id": endpoint.root, "status": "FAILED", "end_time": 1, "run_name": "mine"}

    told = endpoint.post(f"{API}/runs/update", ended)["run_info"]

    assert (told["status"], told["run_name"]) == ("FAILED", "mine")
    assert endpoint.run()["info"]["status"] == "FAILED"
    assert endpoint.events("status") == []


def test_processes_with_ranks_share_their_children(endpoint: Endpoint) -> None:
    ids = [_create(endpoint, rank)["info"]["run_id"] for rank in ("0", "1", "1", "0", "2")]

    root = endpoint.root
    assert ids == [f"{root}-1", f"{root}-1", f"{root}-2", f"{root}-2", f"{root}-1"]
    assert _create(endpoint)["info"]["run_id"] == f"{root}-3"


def test_a_child_that_the_script_started_itself_may_have_children(endpoint: Endpoint) -> None:
    endpoint.run()
    child = f"{endpoint.root}.1"
    started = {
        "n": 0,
        "t": 1.9e9,
        "type": "run",
        "run": child,
        "id": child,
        "parent": endpoint.root,
    }
    (endpoint.folder / "events" / "host-1-1.jsonl").write_text(json.dumps(started) + "\n")
    (endpoint.folder / "events" / f"{child}.child").touch()

    parent = {"key": "mlflow.parentRunId", "value": f"{endpoint.root}-1"}

    assert _create(endpoint, tags=[parent])["info"]["run_id"] == f"{endpoint.root}-1-1"
    assert _create(endpoint)["info"]["run_id"] == f"{endpoint.root}-2"


def test_a_run_that_is_taken_back_stays_in_history(endpoint: Endpoint) -> None:
    child = _create(endpoint)["info"]["run_id"]
    endpoint.post(f"{API}/runs/delete", {"run_id": child})

    def found(view: str) -> list[str]:
        runs = endpoint.post(f"{API}/runs/search", {"run_view_type": view})["runs"]
        return [run["info"]["run_id"] for run in runs]

    assert (found("ACTIVE_ONLY"), found("DELETED_ONLY")) == ([endpoint.root], [child])
    refused = endpoint.call("POST", f"{API}/runs/delete", {"run_id": endpoint.root})
    endpoint.post(f"{API}/runs/restore", {"run_id": child})
    assert set(found("ACTIVE_ONLY")) == {endpoint.root, child}
    assert refused.status == 501


def test_the_latest_value_is_that_of_the_last_step(endpoint: Endpoint) -> None:
    for step, value in ((2, 0.2), (0, 0.9), (1, "NaN")):
        endpoint.log("loss", value, step)

    (metric,) = endpoint.run()["data"]["metrics"]
    history = endpoint.get(f"{API}/metrics/get-history?run_id={endpoint.root}&metric_key=loss")
    assert (metric["step"], metric["value"]) == (2, 0.2)
    assert [point["value"] for point in history["metrics"]] == [0.9, "NaN", 0.2]


def test_searches_and_histories_come_in_pages(endpoint: Endpoint) -> None:
    for step in range(5):
        endpoint.log("loss", step, step)
        _create(endpoint)

    pages = [endpoint.post(f"{API}/runs/search", {"max_results": 4})]
    pages.append(
        endpoint.post(
            f"{API}/runs/search", {"max_results": 4, "page_token": pages[0]["next_page_token"]}
        )
    )
    ask = f"{API}/metrics/get-history?run_id={endpoint.root}&metric_key=loss&max_results=3"
    first = endpoint.get(ask)
    rest = endpoint.get(f"{ask}&page_token={first['next_page_token']}")

    assert [len(page["runs"]) for page in pages] == [4, 2]
    assert "next_page_token" not in pages[1]
    assert [len(page["metrics"]) for page in (first, rest)] == [3, 2]


def test_inputs_are_rows_of_a_table(endpoint: Endpoint) -> None:
    dataset = {"name": "wine", "digest": "ab12", "source_type": "local", "source": "{}"}
    context = {"key": "mlflow.data.context", "value": "training"}
    asked = {"run_id": endpoint.root, "datasets": [{"dataset": dataset, "tags": [context]}]}
    endpoint.post(f"{API}/runs/log-inputs", asked)
    endpoint.post(f"{API}/runs/log-inputs", asked)

    (row,) = endpoint.events("row")
    assert row["values"] == {**dataset, "mlflow.data.context": "training"}
    assert endpoint.run()["inputs"]["dataset_inputs"] == asked["datasets"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs/search", {"filter": "metrics.loss <"}),
        ("runs/search", {"max_results": 0}),
        ("runs/search", {"max_results": "many"}),
        ("runs/search", {"page_token": "-1"}),
        ("runs/search", {"order_by": ["nothing here"]}),
        ("runs/update", {"run_id": "ROOT", "status": "SOMEHOW"}),
        ("runs/create", {"tags": [{"key": "mlflow.parentRunId", "value": "nobody"}]}),
        ("runs/log-batch", {"run_id": "ROOT", "metrics": {"a": 1}}),
        ("runs/log-batch", {"run_id": "ROOT", "params": ["a"]}),
        ("runs/log-inputs", {"run_id": "ROOT", "datasets": ["a"]}),
        ("runs/delete-tag", {"run_id": "ROOT", "key": "nothing"}),
        ("runs/log-model", {"run_id": "ROOT", "model_json": "{"}),
        ("runs/outputs", {"run_id": "ROOT", "models": ["m"]}),
    ],
)
def test_mistakes_are_refused_and_record_nothing(
    endpoint: Endpoint, path: str, body: dict[str, Any]
) -> None:
    if body.get("run_id") == "ROOT":
        body = {**body, "run_id": endpoint.root}

    answer = endpoint.call("POST", f"{API}/{path}", body)

    assert answer.status in {400, 404}
    assert answer.json["error_code"] != "INTERNAL_ERROR"
    assert not list((endpoint.folder / "events").glob("service-*"))
