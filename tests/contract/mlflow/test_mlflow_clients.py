"""MLflow's own clients find in a run of amlplan what they find at a tracking server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_clients import CLIENTS, client

if TYPE_CHECKING:
    from command_line import CommandLine

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("everything.py")
FIT = """
import mlflow
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

mlflow.sklearn.autolog(log_models=False)
features, target = load_diabetes(return_X_y=True, as_frame=True)
for alpha in (0.1, 1.0):
    with mlflow.start_run():
        model = Ridge(alpha=alpha).fit(features, target)
        mlflow.sklearn.log_model(
            model,
            name="ridge",
            registered_model_name="m",
            serialization_format="pickle",
            pip_requirements=["scikit-learn"],
        )
        print("PREDICTED", round(float(model.predict(features)[0]), 6))
mlflow.MlflowClient().set_registered_model_alias("m", "champion", "1")
"""
USE = """
import mlflow
from sklearn.datasets import load_diabetes

features, _ = load_diabetes(return_X_y=True, as_frame=True)
client = mlflow.MlflowClient()
version = client.get_model_version("m", "1")
for uri in ("models:/m/1", "models:/m@champion", "models:/m/latest", version.source):
    print("PREDICTED", round(float(mlflow.pyfunc.load_model(uri).predict(features)[0]), 6))
"""


def _run(line: CommandLine, programs: Path, name: str) -> str:
    path = f"{programs}:{os.environ['PATH']}"
    return line.run("run", name, environment={"PATH": path}).all


def _seen(printed: str) -> dict[str, Any]:
    (found,) = (text for text in printed.splitlines() if text.startswith("SEEN "))
    return dict(json.loads(found.removeprefix("SEEN ")))


@pytest.mark.parametrize("version", CLIENTS)
def test_everything_that_scripts_do_is_answered_and_recorded(
    version: str, line: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    line.write("train.py", SCRIPT.read_text())

    seen = _seen(_run(line, client(version, tmp_path_factory), "train.py"))

    _check_run(seen)
    _check_registry(seen)
    _check_history(line, seen)


def _check_run(seen: dict[str, Any]) -> None:
    root = seen["run"]
    assert seen["experiment"] == ["digits of 2018", "digits of 2018"]
    assert seen["params"] == {"alpha": "0.1", "depth": "3", "kind": "a b"}
    assert seen["metrics"] == {"loss": "0.2", "acc": "0.5", "odd": "nan", "far": "-inf"}
    assert seen["tags"] == {"stage": "try", "a": "1", "gone": None}
    assert seen["changed"] is True
    assert seen["status"] == "FINISHED"
    assert seen["series"] == [[0, 1.0], [1, 0.5], [2, 0.333], [3, 0.25], [4, 0.2]]
    assert seen["root"] == ["kept", "notes", "one.txt"]
    assert seen["kept"] == ["kept/empty", "kept/inner", "kept/one.txt"]
    assert (seen["two"], seen["empty"]) == ("plots/inner/two.txt", 0)
    numbers = ("1", "1-1", "2", "2-1", "3", "3-1")
    assert seen["children"] == [f"{root}-{number}" for number in numbers]
    assert seen["best"] == f"{root}-3"
    assert seen["some"] == [1.0]
    assert seen["again"] == f"{root}-1"


def _check_registry(seen: dict[str, Any]) -> None:
    assert seen["registered"] == ["digits", "1", "READY", f"{seen['run']}-1"]
    assert seen["stage"] == ["1"]
    assert seen["described"] == ["the first", {"checked": "yes"}, {"team": "us"}]
    assert seen.get("alias", "1") == "1"
    assert seen["found"] == ["1"]
    assert seen["files"] == ["MLmodel"]
    assert seen["missing"] == "RESOURCE_DOES_NOT_EXIST"


def _check_history(line: CommandLine, seen: dict[str, Any]) -> None:
    detail = line.last()
    assert detail.summary.id == seen["run"]
    assert detail.skipped == 0
    assert detail.parameters == {"alpha": "0.1", "depth": "3", "kind": "a b"}
    assert detail.tags["mlflow.experiment"] == "digits of 2018"
    assert "gone" not in {name for name, value in detail.tags.items() if value}
    statuses = sorted(child.status for child in detail.children)
    assert statuses == ["Completed", "Completed", "Completed", "Failed"]
    assert {"outputs/kept/empty", "outputs/notes/text.txt"} <= set(detail.outputs)
    (listed,) = line.json("model", "list")["models"]
    assert listed["name"] == "digits"


@pytest.mark.parametrize("version", CLIENTS)
def test_both_the_run_and_the_place_of_the_script_have_what_is_recorded(
    version: str, line: CommandLine, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    line.write("train.py", SCRIPT.with_name("both.py").read_text())
    line.configure(
        'run_config "train" {\n  script = "train.py"\n'
        f'  env = {{\n    STORE = "{tmp_path}/there"\n    MLFLOW_ALLOW_FILE_STORE = "true"\n  }}\n'
        '  mlflow {\n    tracking = "both"\n  }\n}\n'
    )

    _run(line, client(version, tmp_path_factory), "train")

    detail = line.last()
    assert detail.parameters == {"alpha": "0.1", "depth": "3"}
    assert detail.tags == {"stage": "try"}
    assert sorted(detail.metrics) == ["loss", "odd", "one"]
    assert [point.step for point in line.history.series(detail.summary.id, "loss")] == [*range(5)]
    child = f"outputs/children/{detail.summary.id}.1/of/child.txt"
    kept = {"outputs/kept/inner/two", "outputs/kept/one", "outputs/notes/text.txt"}
    assert set(detail.outputs) == {*kept, child}
    children = {one.name: (one.id, one.status) for one in detail.children}
    assert [children[name][1] for name in ("inner", "broken", "later")] == [
        "Completed",
        "Failed",
        "Completed",
    ]
    assert line.history.run(children["later"][0]).metrics["late"].count == 7
    assert len([*(tmp_path / "there").glob("*/*/metrics/loss")]) == 1
    assert len([*(tmp_path / "there").glob("*/*/meta.yaml")]) == 4


def test_a_model_that_one_run_logs_another_loads(
    line: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    programs = client("newest", tmp_path_factory)
    line.write("fit.py", FIT)
    line.write("use.py", USE)

    fitted = [text for text in _run(line, programs, "fit.py").splitlines() if "PREDICTED" in text]
    detail = line.last()
    used = [text for text in _run(line, programs, "use.py").splitlines() if "PREDICTED" in text]

    first, second = fitted
    assert first != second
    assert used == [first, first, second, first]
    assert detail.parameters["alpha"] == "0.1"
    assert detail.metrics["training_r2_score"].last.value == pytest.approx(0.51, abs=0.05)
    assert [child.status for child in detail.children] == ["Completed"]
