"""What was answered is recorded, whatever becomes of the server."""

from __future__ import annotations

import json
import os
import socket
import threading

from endpoint_workbench import API, TOKEN, Endpoint


def test_a_killed_server_loses_nothing_and_its_follower_knows_it_all(endpoint: Endpoint) -> None:
    child = endpoint.post(f"{API}/runs/create", {"run_name": "fold"})["run"]["info"]["run_id"]
    for step in range(20):
        endpoint.log("loss", 1 / (step + 1), step)
    endpoint.log("acc", "NaN", 0, child)
    endpoint.post(f"{API}/runs/set-tag", {"run_id": endpoint.root, "key": "k", "value": "v"})
    endpoint.post(f"{API}/runs/log-parameter", {"run_id": child, "key": "p", "value": "1"})

    endpoint.kill()
    endpoint.start()
    endpoint.log("loss", 0.5, 19)
    endpoint.log("loss", 0.05, 19)  # what a client sends again, having got no answer
    again = endpoint.post(f"{API}/runs/create", {})["run"]["info"]["run_id"]

    run, fold = endpoint.run(), endpoint.run(child)
    assert {"key": "k", "value": "v"} in run["data"]["tags"]
    assert fold["data"]["metrics"][0]["value"] == "NaN"
    assert fold["data"]["params"] == [{"key": "p", "value": "1"}]
    assert again == f"{endpoint.root}-2"
    assert len(endpoint.events("metric")) == 22
    files = list((endpoint.folder / "events").glob("service-*.jsonl"))
    assert len(files) == 2


def test_history_has_what_was_told(endpoint: Endpoint) -> None:
    for value in (1.0, "Infinity", "-Infinity", "NaN"):
        endpoint.log("m", value)
    batch = {
        "run_id": endpoint.root,
        "metrics": [{"key": "b", "value": 2, "timestamp": 5, "step": step} for step in range(100)],
        "params": [{"key": "alpha", "value": "0.1"}],
        "tags": [{"key": "kind", "value": "svm"}, {"key": "gone", "value": "x"}],
    }
    endpoint.post(f"{API}/runs/log-batch", batch)
    endpoint.post(f"{API}/runs/delete-tag", {"run_id": endpoint.root, "key": "gone"})
    endpoint.end()

    endpoint.history.sync(endpoint.root, wait=True)
    detail = endpoint.history.run(endpoint.root)
    assert [str(point.value) for point in endpoint.history.series(endpoint.root, "m")] == [
        "1.0",
        "inf",
        "-inf",
        "nan",
    ]
    assert detail.metrics["b"].count == 100
    assert detail.parameters["alpha"] == "0.1"
    assert detail.tags["kind"] == "svm"
    assert detail.skipped == 0


def test_a_wrong_batch_records_nothing(endpoint: Endpoint) -> None:
    endpoint.post(f"{API}/runs/log-parameter", {"run_id": endpoint.root, "key": "p", "value": "1"})
    batch = {
        "run_id": endpoint.root,
        "metrics": [{"key": "m", "value": 1}],
        "params": [{"key": "q", "value": "1"}, {"key": "p", "value": "2"}],
    }

    answer = endpoint.call("POST", f"{API}/runs/log-batch", batch)

    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Changing param values is not allowed" in answer.json["message"]
    assert endpoint.events("metric") == []


def test_what_was_sent_before_the_end_is_recorded_though_nobody_waits(endpoint: Endpoint) -> None:
    body = json.dumps({"run_id": endpoint.root, "key": "last", "value": 7}).encode()
    head = f"POST {API}/runs/log-metric HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n"
    connection = socket.create_connection(("127.0.0.1", endpoint.port), timeout=60)
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    connection.close()
    idle = socket.create_connection(("127.0.0.1", endpoint.port), timeout=60)

    assert endpoint.end() == b""

    idle.close()
    assert [event["value"] for event in endpoint.events("metric")] == [7.0]


def test_processes_at_once_lose_no_point(endpoint: Endpoint) -> None:
    def log_many(worker: int) -> None:
        for step in range(50):
            endpoint.log(f"m{worker}", step, step)

    workers = [threading.Thread(target=log_many, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    endpoint.end()

    events = endpoint.events("metric")
    assert [event["n"] for event in events] == list(range(400))
    assert len({(event["name"], event["step"]) for event in events}) == 400


def test_what_the_script_records_itself_is_seen(endpoint: Endpoint) -> None:
    endpoint.log("a", 1)
    path = endpoint.folder / "events" / f"host-{os.getpid()}-1.jsonl"
    tag = {"n": 0, "t": 1700000000.0, "type": "tag", "name": "by", "value": "hand"}
    path.write_text(json.dumps(tag) + "\nno event\n" + '{"torn": ')

    assert {"key": "by", "value": "hand"} in endpoint.run()["data"]["tags"]


def test_a_value_too_long_for_a_line_is_refused(endpoint: Endpoint) -> None:
    tag = {"run_id": endpoint.root, "key": "long", "value": "x" * 1_100_000}

    answer = endpoint.call("POST", f"{API}/runs/set-tag", tag)

    assert answer.status == 400
    assert "artifact" in answer.json["message"]
