"""`examples/team` is valid, plans from a clean copy, follows old states, and does what it says."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.deployments import servers_of
from harness.project import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project, Result

EXAMPLE = SOURCES / "examples" / "team"
AT_FIRST = """
amlplan {
  state "local" {
    path = "assay.state.json"
  }
}
workspace "main" {
  name = "assay-dev"
}
compute "local" "here" {}
datastore "local" "wine" {
  path = "data/wine"
}
datastore "local" "scratch" {
  path              = "scratch"
  create_if_missing = true
}
environment "sklearn" {
  python       = "3.11"
  requirements = ["numpy", "scikit-learn==1.7.2"]
}
"""


@pytest.fixture
def team(project: Project) -> Iterator[Project]:
    """A copy of the example, whose packages come from the cache of whoever tests."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uv"
    project.environment["UV_CACHE_DIR"] = os.environ.get("UV_CACHE_DIR") or str(cache)
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True)
    yield project
    if (project.root / "assay.state.json").exists():
        project.run("apply", "-auto-approve", "-var-file=retire.amlvars", code=None)
        project.run("destroy", "-auto-approve", "-var-file=retire.amlvars")
    assert not servers_of(project.data)


def page() -> list[list[list[str]]]:
    """The command lines that the example's page shows, block by block."""
    blocks = re.findall(r"```sh\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    split = [[shlex.split(line, comments=True) for line in block.splitlines()] for block in blocks]
    return [[words[1:] for words in block if words] for block in split]


def carried_out(project: Project, commands: list[list[str]]) -> dict[str, Result]:
    """What each command of a block told, by what tells it apart."""
    told: dict[str, Result] = {}
    for words in commands:
        approved = ["-auto-approve"] if words[0] in {"apply", "destroy"} else []
        request = Path(words[-1].removeprefix("-request=")).stem
        name = f"score {words[2]} {request}" if words[1:2] == ["score"] else words[0]
        told[name] = project.run(*words, *approved, code=1 if request == "slip" else 0)
    return told


def models(project: Project) -> object:
    return json.loads(project.run("output", "-json", "models").out)


def test_a_clean_copy_is_valid_and_plans(team: Project) -> None:
    team.run("validate")
    before = {path: path.read_bytes() for path in team.root.rglob("*") if path.is_file()}
    plan = team.run("plan").out
    assert "Plan: 10 to add, 0 to change, 0 to destroy." in plan
    assert plan.count("next: ") == 8
    team.run("init")
    after = {path: path.read_bytes() for path in team.root.rglob("*") if path.is_file()}
    assert after == before


EXPRESSIONS = [
    ("local.state_path", '"assay.state.json"'),
    ("one(local.promoting)", '"prod"'),
    ("var.stages.prod.replicas", "2"),
    ("var.products.tumour.goal", '"maximize"'),
    ('join(" ", keys(local.datastores))', '"cytology wine"'),
    ('join(" ", keys(module.stage))', '"dev prod"'),
    (
        "jsonencode(local.tags)",
        r'"{\"cost-centre\":\"4711\",\"owner\":\"ana\",\"team\":\"assay\"}"',
    ),
    ("length(module.stage.prod.trainings)", "0"),
    ("module.stage.dev.models.cultivar", "(known after apply)"),
]


def test_what_its_parts_become(team: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "".join(f"{expression}\n" for expression, _ in EXPRESSIONS)
    monkeypatch.setattr("sys.stdin", io.StringIO(asked))
    assert team.run("console").out.splitlines() == [value for _, value in EXPRESSIONS]


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ('team={name = "The Team", owner = "user:ana"}', 'not "The Team"'),
        ('team={name = "assay", owner = "ana"}', "The owner is a user"),
        ("products={}", "A team without a product"),
        ("stages={prod = {}}", "There is a stage dev"),
        ("stages={dev = {replicas = 9}}", "9 replicas do not fit"),
        ("stages={dev = {}, prod = {promotes = true}}", "two replicas at least"),
    ],
)
def test_what_does_not_fit_is_told(team: Project, assignment: str, says: str) -> None:
    assert says in team.run("plan", f"-var={assignment}", code=10).err


def test_states_from_before_the_stages_follow(team: Project) -> None:
    today = [path for path in team.root.iterdir() if path.suffix in {".hcl", ".json", ".amlvars"}]
    for path in today:
        path.unlink()
    team.hcl(AT_FIRST)
    team.run("apply", "-auto-approve")
    for path in today:
        shutil.copy(EXAMPLE / path.name, path)
    plan = team.run("plan").out
    assert "Plan: 6 to add, 4 to change, 0 to destroy." in plan, plan
    team.run("apply", "-auto-approve")
    listed = team.run("state", "list").out
    assert "scratch" not in listed
    assert (team.root / "scratch").is_dir()
    assert all(line.startswith("module.stage[") for line in listed.splitlines())


@pytest.mark.slow
def test_the_whole_course_of_its_page(team: Project) -> None:
    train, promote, improve, retire = page()
    told = carried_out(team, train)
    assert json.loads(told["score assay-dev wines"].out)["answers"][2]["outside"] == ["alcohol"]
    assert "missing: hue; unknown: colour" in told["score assay-dev slip"].err

    told = carried_out(team, promote)
    assert "No changes." in told["plan"].out
    tumours = json.loads(told["score assay-prod tumours"].out)["answers"]
    assert [item["label"] for item in tumours] == ["malignant", "not malignant"]
    first = {"cultivar": "cultivar:1", "tumour": "tumour:1"}
    assert models(team) == {"dev": first, "prod": first}
    team.run("drift")

    told = carried_out(team, improve)
    assert "run 2 of cultivar is better" in told["plan"].out
    second = {**first, "cultivar": "cultivar:2"}
    assert models(team) == {"dev": second, "prod": second}
    team.apply()

    kept = team.run("destroy", "-auto-approve", code=None)
    assert 'Blocked: module.stage["prod"].workspace.main' in kept.all
    carried_out(team, retire)
    assert team.run("state", "list").out == ""
