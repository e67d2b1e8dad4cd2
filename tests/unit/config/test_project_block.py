"""The `project` block, and names of what can be run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

RUN = 'workspace "main" {}\nrun_config "train" {\n  script = "x.py"\n}\n'


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('project "x" {}', "takes 0 labels (no label), and has 1."),
        ("project {}\nproject {}", "The project block was declared at main.hcl:5 already."),
        ('project {\n  history = "a b"\n}', "'a b' cannot name a history"),
        ("project {\n  history = upper(var.x)\n}", "must be a plain string"),
        ("project {\n  colour = 1\n}", 'An argument named "colour" is not expected here.'),
        ("project {\n  default_run_config = model.x\n}", "takes a run_config or an estimator"),
        ('project {\n  default_run_config = "train"\n}', "takes a run_config or an estimator"),
        (
            "project {\n  default_run_config = run_config.tarin\n}",
            'names run_config.tarin, which is not declared. Did you mean "run_config.train"?',
        ),
        (
            'estimator "generic" "train" {\n  entry_script = "x.py"\n}',
            "run_config.train was declared at main.hcl:2 already.",
        ),
        ('estimator "fortran" "x" {}', 'brings estimator "fortran"'),
    ],
)
def test_mistakes(project: Project, text: str, mistake: str) -> None:
    project.hcl(f"{RUN}{text}\n")
    assert mistake in project.run("validate", code=10).err


def test_it_may_name_an_object_and_stand_in_json(project: Project) -> None:
    project.hcl(RUN.replace('script = "x.py"', 'script = "x.py"\n  for_each = toset(["a"])'))
    block = {"history": "h", "default_run_config": 'run_config.train["a"]'}
    project.write("p.hcl.json", json.dumps({"project": block}))
    project.run("validate")


def test_a_module_has_none(project: Project) -> None:
    project.hcl('workspace "main" {}\nmodule "m" {\n  source = "./m"\n}\n')
    project.write("m/main.hcl", "project {}\n")
    assert "not in a module" in project.run("validate", code=10).err
