"""Where the state is kept, and what happens when the configuration says another place."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

ONE = 'bench "thing" "a" {}\n'


def configured(path: str) -> str:
    return f'amlplan {{\n  state "local" {{\n    path = {path}\n  }}\n}}\n{ONE}'


def test_the_state_lies_where_the_block_says(project: Project) -> None:
    project.hcl('variable "stage" {\n  default = "dev"\n}\n' + configured('"${var.stage}.state"'))
    project.apply()
    assert (project.root / "dev.state").exists()
    assert not (project.root / "amlplan.state.json").exists()
    assert project.run("state", "list").out == "bench.a\n"
    result = project.run("plan", "-var=stage=prod", code=15)
    assert "dev.state" in result.err
    assert "prod.state" in result.err
    assert "init -reconfigure" in result.err


def test_locals_may_be_used(project: Project) -> None:
    text = 'locals {\nname = "${local.stage}.state"\nstage = "dev"\nthing = bench.a.id\n}\n'
    project.hcl(text + configured("local.name"))
    project.apply()
    assert (project.root / "dev.state").exists()
    assert project.run("state", "list").out == "bench.a\n"


def test_the_environment_wins(project: Project) -> None:
    project.hcl(configured('"configured.state"'))
    project.environment["AMLPLAN_STATE"] = "given.state"
    project.apply()
    assert (project.root / "given.state").exists()
    project.environment["AMLPLAN_STATE"] = ""
    assert "given.state" in project.run("plan", code=15).err


def test_a_state_that_moved_is_not_lost(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    before = sorted(path.name for path in project.world.rglob("*"))
    project.hcl(configured('"elsewhere/it.state"'))
    for command in (["plan"], ["apply", "-auto-approve"], ["destroy", "-auto-approve"], ["drift"]):
        result = project.run(*command, code=15)
        assert str(project.root / "amlplan.state.json") in result.err
    project.run("init", code=15)
    (project.root / "elsewhere").mkdir()
    for path in project.root.glob("amlplan.state.json*"):
        name = path.name.replace("amlplan.state.json", "it.state")
        shutil.move(path, project.root / "elsewhere" / name)
    project.run("init", "-reconfigure")
    assert "No changes." in project.run("plan").out
    assert "No changes." in project.apply().out
    assert sorted(path.name for path in project.world.rglob("*")) == before


def test_reconfigure_without_moving_starts_anew(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    project.hcl(configured('"other.state"'))
    project.run("init", "-reconfigure")
    assert "Plan: 1 to add" in project.run("plan").out


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('state "local" {\n  pth = "x"\n}', 15, "pth"),
        ('state "local" {\n  path = ""\n}', 15, "does not name a file"),
        ('state "local" {\n  path = 12\n}', 15, "does not name a file"),
        ('state "local" {\n  path = bench.a.id\n}', 10, "bench"),
        ('state "local" {\n  path = var.missing\n}', 10, "missing"),
        ('state "local" {\n  path = local.missing\n}', 10, "missing"),
        ('state "local" {\n  path = local.turns\n}', 10, "Cycle"),
        ('state "local" {\n  path = local.thing\n}', 10, "bench"),
        ('state "locale" {}', 10, "Choose from: local."),
        ("state {}", 10, "label"),
        ('state "local" {}\nstate "local" {}', 10, "declared"),
        ('state "local" {\n  path = "no/such/folder/it.state"\n}', 15, "mkdir -p"),
    ],
)
def test_settings_that_are_wrong(project: Project, text: str, code: int, message: str) -> None:
    locals_ = 'locals {\nturns = "${local.turns}x"\nthing = bench.a.id\n}\n'
    project.hcl(f"amlplan {{\n{text}\n}}\n{locals_ if 'local.' in text else ''}{ONE}")
    result = project.run("apply", "-auto-approve", code=None)
    assert message in result.err
    assert result.code == code
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]
    assert not project.world.exists()


def test_a_place_that_is_not_known_is_never_another_place(project: Project) -> None:
    """A checkout without values must not look into the state of the default place."""
    project.hcl(ONE)
    project.apply()
    shutil.rmtree(project.root / ".amlplan")
    project.hcl('variable "stage" {}\n' + configured('"${var.stage}.state"'))
    for command in (
        ["plan"],
        ["drift"],
        ["show"],
        ["output"],
        ["state", "list"],
        ["plan", "-destroy"],
        ["destroy", "-auto-approve"],
    ):
        result = project.run(*command, code=10)
        assert "on main.hcl line 4" in result.err
        assert "AMLPLAN_VAR_" in result.err
    assert len(list((project.world / "objects").iterdir())) == 1
    project.run("validate")
    project.run("init")
    project.environment["AMLPLAN_VAR_stage"] = "dev"
    assert "Nothing was applied" in project.run("drift").out


def test_init_is_safe_to_repeat(project: Project) -> None:
    project.hcl(ONE)
    first = project.run("init")
    assert ".gitignore: added" in first.out
    lines = (project.root / ".gitignore").read_text().splitlines()
    assert {".amlplan/", "amlplan.state.json*", "connections.amlvars", "*.plan"} <= set(lines)
    again = project.run("init")
    assert "added" not in again.out
    assert "Ready." in again.out
    assert (project.root / ".gitignore").read_text().splitlines() == lines


@pytest.mark.parametrize("text", ["*.pyc", "*.pyc\n", "*.pyc\r\n.amlplan/\r\n", ""])
def test_init_completes_a_gitignore_and_keeps_what_is_there(project: Project, text: str) -> None:
    project.hcl(ONE)
    (project.root / ".gitignore").write_bytes(text.encode())
    project.run("init")
    after = (project.root / ".gitignore").read_bytes().decode()
    assert after.startswith(text)
    assert after.splitlines().count(".amlplan/") == 1
    assert "*.plan" in after.splitlines()


def test_init_needs_no_values_and_no_state(project: Project) -> None:
    project.hcl('variable "x" {}\nbench "thing" "a" {\n  value = var.x\n}\n')
    project.run("init")
    assert not list(project.root.glob("amlplan.state*"))


def test_init_explains_a_gitignore_it_cannot_read(project: Project) -> None:
    project.hcl(ONE)
    (project.root / ".gitignore").write_bytes(b"\xff\xfe")
    project.run("init")
    assert (project.root / ".gitignore").read_bytes().startswith(b"\xff\xfe\namlplan.state.json*\n")
    (project.root / ".gitignore").unlink()
    (project.root / ".gitignore").mkdir()
    result = project.run("init", code=1)
    assert ".gitignore" in result.err
