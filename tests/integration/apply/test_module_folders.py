"""Folders of modules that are not what they should be, each a clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.project import Project

CALL = 'module "m" {{\n  source = "{source}"\n}}\nworkspace "main" {{}}\n'


def itself(project: Project) -> str:
    project.write("m/main.hcl", CALL.format(source="../m").replace('workspace "main" {}', ""))
    return "./m"


def through_another(project: Project) -> str:
    for one, other in (("m", "n"), ("n", "m")):
        project.write(f"{one}/main.hcl", f'module "x" {{\n  source = "../{other}"\n}}\n')
    return "./m"


def link_to_the_project(project: Project) -> str:
    (project.root / "m").symlink_to(".")
    return "./m"


def link_to_itself(project: Project) -> str:
    (project.root / "m").symlink_to("m")
    return "./m"


def links_in_a_circle(project: Project) -> str:
    (project.root / "m").symlink_to("n")
    (project.root / "n").symlink_to("m")
    return "./m"


def a_file(project: Project) -> str:
    project.write("m", "")
    return "./m"


def an_empty_folder(project: Project) -> str:
    (project.root / "m").mkdir()
    return "./m"


def a_folder_with_a_folder(project: Project) -> str:
    (project.root / "m/x.hcl").mkdir(parents=True)
    return "./m"


def garbage(project: Project) -> str:
    (project.root / "m").mkdir()
    (project.root / "m/x.hcl").write_bytes(b"\xff\0\xfe")
    return "./m"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (itself, "calls itself"),
        (through_another, "calls itself"),
        (link_to_the_project, "calls itself"),
        (link_to_itself, "There is no folder m"),
        (links_in_a_circle, "There is no folder m"),
        (a_file, "There is no folder m"),
        (an_empty_folder, "holds no *.hcl file"),
        (a_folder_with_a_folder, "m/x.hcl cannot be read"),
        (garbage, "m/x.hcl is not UTF-8"),
        (lambda _: "m", "is no local folder"),
        (lambda _: "git::https://example.org/m", "is no local folder"),
        (lambda _: "${path.root}/m", "must be a plain string"),
    ],
)
def test_folders(project: Project, make: Callable[[Project], str], said: str) -> None:
    project.hcl(CALL.format(source=make(project)))
    for command in (["validate"], ["plan"], ["apply", "-auto-approve"]):
        refused = project.run(*command, code=10)
        assert said in refused.err
        assert "Traceback" not in refused.all


def test_a_folder_beside_the_project(project: Project) -> None:
    beside = project.root.parent / "beside"
    beside.mkdir()
    (beside / "main.hcl").write_text('output "x" {\n  value = path.module\n}\n')
    project.hcl(CALL.format(source="../beside") + 'output "x" {\n  value = module.m.x\n}\n')
    assert 'x = "../beside"' in project.apply().out
