"""Logged and registered models through MLflow's calls."""

from __future__ import annotations

from typing import Any

from endpoint_workbench import API, FILES, Endpoint


def _logged(endpoint: Endpoint, data: bytes = b"flavors: {sklearn: {}}") -> str:
    """A logged model with one file; its id."""
    asked = {
        "name": "ridge",
        "source_run_id": endpoint.root,
        "params": [{"key": "a", "value": "1"}],
    }
    model = endpoint.post(f"{API}/logged-models", asked)["model"]["info"]
    uri = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert endpoint.call("PUT", f"{FILES}/{uri}/MLmodel", data).status == 200
    return str(model["model_id"])


def _version(endpoint: Endpoint, source: str, **more: Any) -> Any:
    endpoint.call("POST", f"{API}/registered-models/create", {"name": "m"})
    asked = {"name": "m", "source": source, **more}
    return endpoint.post(f"{API}/model-versions/create", asked)["model_version"]


def test_a_logged_model_is_known_to_the_next_server(endpoint: Endpoint) -> None:
    model_id = _logged(endpoint)
    path = f"{API}/logged-models/{model_id}"
    endpoint.call("PATCH", path, {"model_id": model_id, "status": 2})
    endpoint.call("PATCH", f"{path}/tags", {"tags": [{"key": "t", "value": "v"}]})
    endpoint.post(f"{path}/params", {"params": [{"key": "b", "value": "2"}]})
    endpoint.post(
        f"{API}/runs/outputs", {"run_id": endpoint.root, "models": [{"model_id": model_id}]}
    )
    point = {"run_id": endpoint.root, "key": "r2", "value": 0.5, "model_id": model_id}
    endpoint.post(f"{API}/runs/log-metric", point)
    endpoint.kill()
    endpoint.start()

    model = endpoint.get(path)["model"]
    assert model["info"]["status"] == "LOGGED_MODEL_READY"
    assert model["info"]["source_run_id"] == endpoint.root
    assert model["info"]["tags"] == [{"key": "t", "value": "v"}]
    assert model["data"]["params"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    assert [metric["key"] for metric in model["data"]["metrics"]] == ["r2"]
    assert endpoint.run()["outputs"]["model_outputs"] == [{"model_id": model_id, "step": 0}]
    files = endpoint.get(f"{path}/artifacts/directories")["files"]
    assert [file["path"] for file in files] == ["MLmodel"]
    second = endpoint.post(f"{API}/logged-models", {})["model"]["info"]["model_id"]
    assert second != model_id
    found = endpoint.post(f"{API}/logged-models/search", {"filter": "name = 'ridge'"})["models"]
    assert [each["info"]["model_id"] for each in found] == [model_id]


def test_the_files_of_a_logged_model_are_no_artifacts_of_the_run(endpoint: Endpoint) -> None:
    _logged(endpoint)
    endpoint.call("PUT", f"{FILES}/runs/{endpoint.root}/own.txt", b"x")

    files = endpoint.get(f"{API}/artifacts/list?run_id={endpoint.root}")["files"]

    assert files == [{"path": "own.txt", "is_dir": False, "file_size": 1}]


def test_a_version_has_the_flavor_the_run_and_the_files(endpoint: Endpoint) -> None:
    model_id = _logged(endpoint)

    version = _version(endpoint, f"models:/{model_id}", tags=[{"key": "a", "value": "b"}])
    uri = endpoint.get(f"{API}/model-versions/get-download-uri?name=m&version=1")["artifact_uri"]
    place = uri.removeprefix("mlflow-artifacts:/")

    assert (version["version"], version["run_id"]) == ("1", endpoint.root)
    assert version["tags"] == [{"key": "a", "value": "b"}]
    assert endpoint.get(f"{FILES}?path={place}")["files"][0]["path"] == "MLmodel"
    assert endpoint.call("GET", f"{FILES}/{place}/MLmodel").data == b"flavors: {sklearn: {}}"
    assert endpoint.call("PUT", f"{FILES}/{place}/MLmodel", b"x").status == 400
    (ours,) = endpoint.get("/amlplan/models?name=m")["models"]
    assert (ours["framework"], ours["tags"]) == ("sklearn", {"a": "b"})


def test_stages_aliases_and_the_latest_versions(endpoint: Endpoint) -> None:
    for number in range(3):
        _version(endpoint, f"models:/{_logged(endpoint, b'flavors: {}' + b' ' * number)}")
    for version in ("1", "2"):
        asked = {"name": "m", "version": version, "stage": "production"}
        asked["archive_existing_versions"] = version == "2"  # type: ignore[assignment]
        endpoint.post(f"{API}/model-versions/transition-stage", asked)
    endpoint.post(f"{API}/registered-models/alias", {"name": "m", "alias": "best", "version": "2"})

    latest = endpoint.post(f"{API}/registered-models/get-latest-versions", {"name": "m"})
    named = endpoint.get(f"{API}/registered-models/alias?name=m&alias=best")["model_version"]
    found = endpoint.get(f"{API}/model-versions/search?filter=name%3D'm'")["model_versions"]

    stages = {one["version"]: one["current_stage"] for one in latest["model_versions"]}
    assert stages == {"1": "Archived", "2": "Production", "3": "None"}
    assert (named["version"], named["aliases"]) == ("2", ["best"])
    assert [one["version"] for one in found] == ["3", "2", "1"]


def test_what_is_deleted_is_hidden_and_its_number_not_given_again(endpoint: Endpoint) -> None:
    first = f"models:/{_logged(endpoint)}"
    _version(endpoint, first)
    gone = endpoint.call("DELETE", f"{API}/model-versions/delete", {"name": "m", "version": "1"})
    again = _version(endpoint, first)
    endpoint.call("DELETE", f"{API}/registered-models/delete", {"name": "m"})
    missing = endpoint.call("GET", f"{API}/registered-models/get?name=m")
    anew = _version(endpoint, first)

    assert gone.status == 200
    assert (again["version"], anew["version"]) == ("2", "3")
    assert (missing.status, missing.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    listed = endpoint.get(f"{API}/registered-models/search")["registered_models"]
    assert [one["name"] for one in listed] == ["m"]


def test_what_cannot_be_registered_is_refused(endpoint: Endpoint) -> None:
    endpoint.post(f"{API}/registered-models/create", {"name": "m"})
    for source in (
        "s3://bucket/x",
        "file:///etc",
        "models:/m-nobody-m1",
        "mlflow-artifacts:/runs/x",
    ):
        answer = endpoint.call(
            "POST", f"{API}/model-versions/create", {"name": "m", "source": source}
        )
        assert answer.status in {400, 404}
        assert answer.json["error_code"] != "INTERNAL_ERROR"
    twice = endpoint.call("POST", f"{API}/registered-models/create", {"name": "m"})
    odd = endpoint.call("POST", f"{API}/registered-models/create", {"name": "a/b"})
    assert (twice.json["error_code"], odd.status) == ("RESOURCE_ALREADY_EXISTS", 400)
