"""Logging, labels, files and children as scripts of the SDK use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from interpreters import VERSIONS, interpreter
from run_workbench import RUN

if TYPE_CHECKING:
    from azureml_workbench import AzureScript

EVERYTHING = """
import io, os
from azureml.core import Run, Experiment, Workspace
from azureml.core.run import _OfflineRun

run = Run.get_context(allow_offline=False)
assert not isinstance(run, _OfflineRun) and not run.id.startswith("OfflineRun")
assert run.id == Run.get_submitted_run().id == os.environ["AMLPLAN_RUN_ID"]
assert (run.number, run.name, run.experiment.name, run.parent) == (7, "train", "digits", None)
assert run.experiment.workspace.name == "ws" == Workspace.from_config().name
assert run.get_details()["runDefinition"]["script"] == "train.py"
assert run.get_status() == run.status == run.get_details()["status"] == "Running"

run.log("alpha", 0.5)
run.log("mse", 3.0, "how far off")
run.log("mse", float("nan"), step=1)
run.log(name="kind", value="ridge")
run.log("on", True)
run.log_list("weights", [1, float("-inf")], description="of the layers")
run.log_row("folds", fold=1, score=0.5)
run.log_row("folds", "one more", fold=2, score=0.25)
run.log_table("sizes", {"x": [1, 2], "y": [3, 4]})
matrix = {"class_labels": ["a", "b"], "matrix": [[3, 1], [0, 4]]}
run.log_confusion_matrix("confusion", {"schema_type": "confusion_matrix", "data": matrix})
table = {
    "class_labels": ["a"], "probability_thresholds": [0.0, 1.0],
    "probability_tables": [[[1, 2, 3, 4], [5, 6, 7, 8]]],
    "percentile_thresholds": [0.5], "percentile_tables": [[[9, 9, 9, 9]]],
}
run.log_accuracy_table("accuracy", {"data": table})
bins = {"bin_edges": [0, 1, 2], "bin_counts": [5, 6]}
run.log_residuals("residuals", '{"data": {"bin_edges": [0, 1, 2], "bin_counts": [5, 6]}}')
run.log_predictions("predictions", {"data": dict(bins, bin_averages=[.5, 1.5], bin_errors=[0, 1])})

metrics = run.get_metrics()
assert repr(metrics["mse"]) == "[3.0, nan]" and repr(metrics["weights"]) == "[1, -inf]", metrics
assert (metrics["alpha"], metrics["kind"], metrics["on"]) == (0.5, "ridge", True)
assert metrics["folds"] == {"fold": [1, 2], "score": [0.5, 0.25]}
assert metrics["confusion"] == {"actual": ["a", "b"], "predicted a": [3, 0], "predicted b": [1, 4]}
assert metrics["accuracy"]["false_negatives"] == [4, 8, 9], metrics["accuracy"]
assert metrics["residuals"] == {"from": [0, 1], "to": [1, 2], "count": [5, 6]}
assert metrics["predictions"]["error"] == [0, 1]
assert run.get_metrics(name="alpha") == {"alpha": 0.5}
run.log_row("mixed", a=1)
run.log("mixed", 2)
assert run.get_metrics("mixed") == {"mixed": 2}

run.tag("stage")
run.tag("stage", "try")
run.set_tags({"a": 1, "gone": 2})
run.remove_tags(["gone"])
assert run.get_tags() == run.tags == {"stage": "try", "a": "1"}
run.add_properties({"commit": "abc"})
run.add_properties({"commit": "other"})
assert run.get_properties() == run.properties == {"commit": "abc"}

os.makedirs("there/below")
for name in ("model.pkl", "there/below/x.txt"):
    with open(name, "w") as file:
        file.write(name)
run.upload_file("model.pkl", "model.pkl")
run.upload_file("outputs/model.pkl", "outputs/model.pkl")
run.upload_file(name="outputs/stream.txt", path_or_stream=io.BytesIO(b"streamed"))
run.upload_files(["models/one.txt"], ["there/below/x.txt"])
run.upload_folder("whole", "there")
names = run.get_file_names()
assert {"outputs/model.pkl", "outputs/stream.txt", "outputs/models/one.txt"} < set(names), names
assert "outputs/whole/below/x.txt" in names
run.download_file("outputs/stream.txt", "got/")
run.download_file("model.pkl", "got/other.pkl")
run.download_files(prefix="outputs/whole", output_directory="all", append_prefix=False)
assert open("got/stream.txt").read() == "streamed" and open("got/other.pkl").read() == "model.pkl"
assert open("all/below/x.txt").read() == "there/below/x.txt"

with run.child_run(name="fold") as child:
    child.log("score", 1)
    assert child.parent.id == run.id and Run.get_context().id == run.id
first, second = run.create_children(count=2)
first.complete()
second.fail(error_details="it diverged", error_code="E1")
third, = run.create_children(tag_key="alpha", tag_values=[0.1])
third.cancel()
assert [each.id for each in run.get_children()] == [
    each.id for each in (third, second, first, child)
]
assert [each.id for each in run.get_children(tags={"alpha": "0.1"})] == [third.id]
assert [each.id for each in run.get_children(status="Completed")] == [first.id, child.id]
assert child.get_metrics() == run.get_metrics(recursive=True)[child.id] == {"score": 1}
assert first.wait_for_completion()["status"] == "Completed"
inner = child.child_run("inner")
assert inner.id in [each.id for each in run.get_children(recursive=True)]
assert inner.id not in [each.id for each in run.get_children()]
inner.complete()

one = Experiment(Workspace.from_config(), "digits").start_logging()
two = Experiment(Workspace.from_config(), "other").start_logging()
assert one.id == run.id and two.parent.id == run.id and two.get_tags() == {"experiment": "other"}
with two:
    two.log("x", 1)
assert two.status == "Completed"
run.fail("the data is bad")
run.flush()
run.complete()
assert run.status == "Running"
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_recorded_and_read_back(version: str, script: AzureScript) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    done = script.run(EVERYTHING, python=python)
    assert (done.stdout, done.stderr) == ("", "")
    assert [event["text"] for event in script.events("error")] == ["the data is bad"]
    statuses = [(event.get("run"), event["status"]) for event in script.events("status")]
    assert [name for run, name in statuses if run is None] == ["Running"]
    ends = [name for run, name in statuses if run and name != "Running"]
    assert sorted(ends) == ["Canceled", *["Completed"] * 4, "Failed"]
    kept = script.work / "outputs" / "metrics" / "confusion.json"
    assert json.loads(kept.read_text())["schema_type"] == "confusion_matrix"


def test_what_cannot_be_recorded_is_told_and_breaks_nothing(script: AzureScript) -> None:
    done = script.run(
        "from azureml.core import Run\nrun = Run.get_context()\n"
        "run.log('none', None)\nrun.log_confusion_matrix('odd', {'data': {}})\n"
        "run.log_residuals('text', 'no file and no JSON')\nrun.log_image('picture')\n"
    )
    assert [line.split(" was ")[0] for line in done.stderr.splitlines()] == [
        "amlplan_run: metric 'none'",
        "amlplan_run: table 'odd'",
        "amlplan_run: table 'text'",
        "amlplan_run: image 'picture'",
    ]
    assert len(script.events("error")) == 4


def test_an_error_in_the_block_of_a_child_fails_it(script: AzureScript) -> None:
    script.run(
        "from azureml.core import Run\n"
        "try:\n    with Run.get_context().child_run('bad'): 1 / 0\n"
        "except ZeroDivisionError: pass\n"
    )
    last = script.events("status")[-1]
    assert (last["run"], last["status"]) == (f"{RUN}.1", "Failed")
    assert last["reason"] == "ZeroDivisionError: division by zero"


def test_mistakes_are_told_in_words(script: AzureScript) -> None:
    script.run(
        "from azureml.core import Run\nfrom azureml.exceptions import UserErrorException\n"
        "run = Run.get_context()\n"
        "calls = {\n"
        " 'no file or folder': lambda: run.upload_file('x', 'missing.txt'),\n"
        " 'has no file': lambda: run.download_file('missing.txt'),\n"
        " 'within outputs': lambda: run.upload_file('../x', __import__('io').BytesIO(b'')),\n"
        " 'names for': lambda: run.upload_files(['a'], []),\n"
        " 'either count': lambda: run.create_children(count=1, tag_key='a'),\n"
        " 'its own end': lambda: run.wait_for_completion(),\n"
        " 'upload_file.': lambda: run.register_model('m', 'outputs/none.pkl'),\n"
        " 'no secret': lambda: run.get_secret('db-password'),\n"
        " 'can only be read': lambda: Run(run.experiment, 'another_1').log('x', 1),\n"
        "}\n"
        "for words, call in calls.items():\n"
        "    try: call()\n"
        "    except UserErrorException as failure: assert words in str(failure), failure\n"
        "    else: raise SystemExit(words)\n"
    )


def test_several_processes_see_what_the_others_logged(script: AzureScript) -> None:
    script.run(
        "import os\nfrom azureml.core import Run\nrun = Run.get_context()\nrun.log('loss', 1)\n"
        "if os.fork() == 0:\n    run.log('loss', 2)\n    run.child_run('of the fork').complete()\n"
        "    os._exit(0)\n"
        "assert os.wait()[1] == 0\n"
        "assert run.get_metrics()['loss'] == [1, 2]\n"
        "assert [child.name for child in run.get_children()] == ['of the fork']\n",
        PYTHONWARNINGS="ignore",
    )


def test_workbench_scripts_log(script: AzureScript) -> None:
    script.run(
        "from azureml.logging import get_azureml_logger\nlogger = get_azureml_logger()\n"
        "logger.log('accuracy', 0.5)\nlogger.log('scores', [1, 2])\n"
    )
    assert script.values() == [("accuracy", 0.5)]
    assert script.values("list") == [("scores", [1, 2])]


def test_a_workspace_asks_nobody_who_one_is(script: AzureScript) -> None:
    script.run(
        "from azureml.core import Workspace\n"
        "from azureml.core.authentication import AzureCliAuthentication\n"
        "from azureml.core.authentication import ServicePrincipalAuthentication\n"
        "login = ServicePrincipalAuthentication('tenant', 'id', 'password')\n"
        "assert 'password' not in str(vars(login))\n"
        "assert Workspace('subscription', 'group', 'any', auth=login).name == 'ws'\n"
        "assert Workspace.from_config(auth=AzureCliAuthentication()).name == 'ws'\n"
        "try: login.get_authentication_header()\n"
        "except NotImplementedError: pass\n"
        "else: raise SystemExit('a header')\n"
    )


def test_secrets_come_from_the_environment(script: AzureScript) -> None:
    script.run(
        "from azureml.core import Run, Workspace\nrun = Run.get_context()\n"
        "assert run.get_secret('db-password') == run.get_secrets(['key'])['key'] == 's3'\n"
        "assert Workspace.from_config().get_default_keyvault().get_secret('key') == 's3'\n",
        DB_PASSWORD="s3",
        key="s3",
    )
