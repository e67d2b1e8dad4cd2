"""A model is the output of a run: chosen once, kept in the lock, outdone on demand only."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from harness.project import Project

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """
import argparse, os, amlplan_run
parser = argparse.ArgumentParser()
parser.add_argument("--score", type=float)
parser.add_argument("--loss", type=float, default=1.0)
parser.add_argument("--team", default="ours")
parser.add_argument("--fail", default="no")
arguments = parser.parse_args()
for part in (0.5, 1.0):
    amlplan_run.log("score", arguments.score * part)
amlplan_run.log("loss", arguments.loss)
amlplan_run.tag("team", arguments.team)
os.makedirs("outputs/model", exist_ok=True)
with open("outputs/model/weights.txt", "w") as file:
    file.write(str(arguments.score))
with open("outputs/card.txt", "w") as file:
    file.write("constant")
if arguments.fail == "yes":
    raise SystemExit(3)
"""
BASE = """
workspace "main" {
  history {
    path = "workspace"
  }
}

run_config "train" {
  script  = "train.py"
  history = "scores"
}
"""


def model(body: str) -> str:
    return f'{BASE}\nmodel "ridge" {{\n  run {{\n{body}\n  }}\n}}\n'


EMPTY = 'workspace "main" {}'
BEST = '    history = "scores"\n    select = "best"\n    metric = "score"\n    goal = "maximize"\n'
REQUIRED = '    require {{\n      metric = "score"\n      at_least = {}\n    }}\n'
PATH = '    path = "outputs/model"\n'


@pytest.fixture
def trained(project: Project) -> Project:
    project.hcl(model(BEST + PATH))
    project.write("train.py", TRAIN)
    project.run("apply", "-auto-approve")
    return project


def run(project: Project, score: float, code: int = 0, **parameters: Any) -> None:
    given = [f"-p={name}={value}" for name, value in {"score": score, **parameters}.items()]
    done = subprocess.run(
        project.command("run", "train", *given),
        cwd=project.root,
        env=project.process_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr


def take(project: Project) -> None:
    """Lock what runs there are, and apply until nothing is left to do."""
    project.run("lock")
    project.apply()


def locked(project: Project) -> dict[str, Any]:
    document = json.loads((project.root / "amlplan.lock").read_text())
    (entry,) = document["entries"].values()
    resolved: dict[str, Any] = entry["resolved"]
    return resolved


def test_without_a_run_the_model_waits_and_says_for_what(trained: Project) -> None:
    plan = trained.run("plan", "-detailed-exitcode").out
    assert "model.ridge: no completed run in scores gave outputs/model" in plan
    assert "next: amlplan run train" in plan
    run(trained, 0.5, code=3, fail="yes")
    assert "no completed run in scores" in trained.run("plan").out


def test_a_run_is_pointed_out_locked_and_registered(trained: Project) -> None:
    run(trained, 0.5)
    assert "run 1 of scores could be taken (score 0.5)" in trained.run("plan").out
    take(trained)
    shown = trained.run("model", "show", "ridge").out
    assert "run 1 of scores" in shown
    assert "weights.txt" in shown
    trained.run("model", "pull", "ridge", "-to=got")
    assert (trained.root / "got/weights.txt").read_text() == "0.5"


def test_a_better_run_changes_nothing_until_it_is_taken(trained: Project) -> None:
    run(trained, 0.5)
    take(trained)
    run(trained, 0.75)
    told = trained.run("plan", "-detailed-exitcode").out
    assert "run 2 of scores is better: score 0.75, and the locked run 1 of scores has 0.5" in told
    assert "amlplan lock -upgrade model.ridge" in told
    assert trained.run("apply", "-auto-approve", "-update-lock").code == 0
    assert locked(trained)["lineage"]["number"] == 1
    taken = trained.run("lock", "-upgrade", "model.ridge").out
    assert "run 1 of scores (score 0.5) -> run 2 of scores (score 0.75)" in taken
    planned = trained.run("plan", "-detailed-exitcode", code=2).out
    assert "v1 -> v2: score 0.5 -> 0.75 (run 1 of scores -> run 2 of scores)" in planned
    trained.apply()
    run(trained, 0.25)
    assert "Notes" not in trained.run("plan").out


def test_what_is_best_is_the_aggregate_and_ties_go_to_the_oldest(trained: Project) -> None:
    run(trained, 0.5)
    run(trained, 0.5)
    trained.run("lock")
    assert locked(trained)["lineage"]["number"] == 1
    trained.hcl(model(BEST + '    aggregate = "min"\n' + PATH))
    trained.run("lock")
    assert locked(trained)["lineage"]["value"] == 0.25


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ('    history = "scores"\n', 3),
        ('    history = "scores"\n    where = {\n      team = "theirs"\n    }\n', 2),
        (f'    history = "scores"\n{REQUIRED.format(0.6)}', 1),
        (BEST, 1),
        (BEST.replace('"score"', '"loss"').replace("maximize", "minimize"), 3),
    ],
    ids=["last", "where", "require", "best", "minimize"],
)
def test_a_selection_takes_the_run_it_says(trained: Project, body: str, number: int) -> None:
    run(trained, 0.75, loss=3)
    run(trained, 0.5, loss=2, team="theirs")
    run(trained, 0.25, loss=1)
    trained.hcl(model(body + PATH))
    trained.run("lock")
    assert locked(trained)["lineage"]["number"] == number


def test_nothing_that_reaches_what_is_required_says_so(trained: Project) -> None:
    run(trained, 0.25)
    trained.hcl(model(BEST + REQUIRED.format(0.9) + PATH))
    assert "no completed run in scores reaches score 0.9 and gave" in trained.run("plan").out


def test_a_run_may_be_named_by_its_id(trained: Project) -> None:
    run(trained, 0.5)
    run(trained, 0.75)
    listed = json.loads(trained.run("runs", "list", "-json").out)["runs"]
    first = next(item["id"] for item in listed if item["number"] == 1)
    trained.hcl(model(f'    id = "{first}"\n    path = "outputs/card.txt"\n'))
    take(trained)
    assert list(locked(trained)["files"]) == ["card.txt"]
    trained.hcl(model('    id = "scores_0_none"\n' + PATH))
    assert "no completed run scores_0_none that gave outputs/model" in trained.run("plan").out


def test_a_run_that_is_followed_needs_no_lock(trained: Project) -> None:
    trained.hcl(model(BEST + "    follow = true\n" + PATH))
    run(trained, 0.5)
    trained.apply()
    run(trained, 0.75)
    assert "v1 -> v2" in trained.run("plan", "-detailed-exitcode", code=2).out
    trained.apply()
    assert not (trained.root / "amlplan.lock").exists()


def test_equal_output_of_another_run_is_the_same_version(trained: Project) -> None:
    trained.hcl(model(BEST + '    path = "outputs/card.txt"\n'))
    run(trained, 0.5)
    take(trained)
    run(trained, 0.75)
    trained.run("lock", "-upgrade")
    trained.apply()
    versions = json.loads(trained.run("model", "list", "-json").out)["models"]
    assert [item["version"] for item in versions] == [1]
    assert versions[0]["lineage"]["number"] == 2


def test_the_output_of_a_run_that_is_gone_is_named(trained: Project) -> None:
    run(trained, 0.5)
    trained.run("lock")
    (digest,) = locked(trained)["files"].values()
    name = digest.removeprefix("sha256:")
    (trained.root / "workspace/store/blobs/sha256" / name[:2] / name).unlink()
    deferred = trained.run("plan").out
    assert "weights.txt of run 1 of scores is not in this workspace" in deferred
    assert "next: amlplan run train" in deferred
    kept = trained.run("lock", "-upgrade", "model.ridge").out
    assert "nothing was changed" in kept
    run(trained, 0.75)
    offered = trained.run("plan").out
    assert "run 2 of scores could be taken (score 0.75)" in offered
    assert "next: amlplan lock -upgrade model.ridge" in offered
    trained.run("lock", "-upgrade", "model.ridge")
    trained.apply()


def test_a_lock_of_another_workspace_makes_no_promise(trained: Project) -> None:
    run(trained, 0.5)
    trained.run("lock")
    lock = (trained.root / "amlplan.lock").read_text()
    other = Project(trained.root.parent / "clone", trained.world, trained.environment)
    other.root.mkdir()
    hcl = (trained.root / "main.hcl").read_text()
    other.hcl(hcl.replace('workspace "main" {\n  history {\n    path = "workspace"\n  }\n}', EMPTY))
    other.write("amlplan.lock", lock)
    fresh = other.run("plan").out
    assert "run 1 of scores is not in this workspace, which is new" in fresh
    other.run("apply", "-auto-approve")
    assert "weights.txt of run 1 of scores is not in this workspace" in other.run("plan").out


def test_lineage_leads_from_a_run_to_its_model(trained: Project) -> None:
    run(trained, 0.5)
    take(trained)
    trained.run("history", "rebuild")
    base = sqlite3.connect(trained.root / "workspace/history/history.sqlite")
    edges = base.execute("SELECT source, relation, target FROM edges").fetchall()
    base.close()
    run_id = locked(trained)["run"]
    assert (f"run:{run_id}", "registered", "model:ridge:1") in edges


def test_a_plan_does_not_need_the_history_once_a_run_is_locked(trained: Project) -> None:
    run(trained, 0.5)
    take(trained)
    shutil.rmtree(trained.root / "workspace/history")
    shutil.rmtree(trained.root / "workspace/runs")
    assert "No changes." in trained.run("plan", "-detailed-exitcode").out


def test_a_broken_history_is_told_and_stops_no_plan(trained: Project, tmp_path: Path) -> None:
    run(trained, 0.5)
    take(trained)
    base = trained.root / "workspace/history/history.sqlite"
    for path in base.parent.glob("history.sqlite*"):
        path.unlink()
    base.write_bytes(b"no database at all" * 100)
    told = trained.run("plan", "-detailed-exitcode").out
    assert "whether there is a better run is not known" in told


def test_a_slip_in_a_selection_is_told(trained: Project) -> None:
    for body, says in (
        (PATH, "exactly one of id and history is needed"),
        ('    history = "scores"\n    select = "best"\n' + PATH, "needs metric"),
        ('    history = "scores"\n', 'The argument "path" is required'),
        ('    histori = "scores"\n' + PATH, 'Did you mean "history"?'),
        (BEST.replace("maximize", "up") + PATH, "minimize"),
    ):
        trained.hcl(model(body))
        assert says in trained.run("validate", code=10).err


def test_validate_needs_no_workspace_to_attach(project: Project) -> None:
    project.hcl('workspace "dev" {\n  attach = true\n}\n')
    assert "is valid" in project.run("validate").out
    assert "There is no workspace dev to attach" in project.run("plan", code=10).err


def test_a_plan_names_the_training_of_each_model_as_a_shell_takes_it(project: Project) -> None:
    project.write(
        "stage/main.hcl",
        """
variable "name" {}
workspace "main" {
  name = var.name
}
run_config "train" {
  for_each = toset(["ridge", "lasso"])
  script   = "train.py"
  history  = each.key
}
model "best" {
  for_each = run_config.train
  run {
    history = each.value.history
    path    = "outputs/model"
  }
}
model "other" {
  run {
    history = "scripts"
    path    = "outputs/model"
  }
}
""",
    )
    project.write("train.py", TRAIN)
    project.hcl(
        """
module "stage" {
  source   = "./stage"
  for_each = toset(["dev", "prod"])
  name     = each.key
}
"""
    )
    plan = project.run("plan").out
    for stage in ("dev", "prod"):
        for model in ("ridge", "lasso"):
            training = f'module.stage["{stage}"].run_config.train["{model}"]'
            assert f"next: amlplan run '{training}'\n" in plan
    assert plan.count("next: amlplan run SCRIPT -history=scripts\n") == 2
    project.run("apply", "-auto-approve")
    training = 'module.stage["dev"].run_config.train["lasso"]'
    for score in ("1", "2"):
        project.run("run", training, "-p", f"score={score}")
        project.run("lock")
    better = project.run("plan").out
    model = 'module.stage["dev"].model.best["lasso"]'
    assert f"To take it: amlplan lock -upgrade '{model}'\n" in better
