"""Completion of command lines: the words that are offered, and the shells that offer them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from amlplan.cli.completion.words import candidates, read_table
from harness.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from harness.project import Project

CONFIGURATION = """
variable "colour" {
  default = "red"
}

bench "thing" "a" {}

bench "thing" "many" {
  for_each = { eu = "x" }
}

run_config "train" {
  script = "train.py"
}

workspace "main" {}

output "id" {
  value = bench.a.id
}
"""
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUP = {
    "bash": "source <(amlplan completion bash); echo re''ady\n",
    "zsh": "autoload -U compinit; compinit -u -D; source <(amlplan completion zsh); echo re''ady\n",
}
TYPED = [
    ("amlplan des", "destroy"),
    ("amlplan plan -detailed", "-detailed-exitcode"),
    ("amlplan run trai", "train.py"),
    ("amlplan plan -out=pl", "-out=plans/"),
    ("amlplan graph -type=mer", "-type=mermaid"),
]


def offered(project: Project, *words: str) -> list[str]:
    with project._inside():
        return [word for word, _ in candidates(words, read_table())]


@pytest.fixture
def configured(project: Project) -> Project:
    project.hcl(CONFIGURATION)
    project.write("train.py", "")
    project.write("plans/first.plan", "")
    return project


@pytest.fixture
def on_path(configured: Project) -> Project:
    """A project in whose processes `amlplan` is a program."""
    folder = configured.root.parent / "bin"
    folder.mkdir()
    program = folder / "amlplan"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m amlplan "$@"\n')
    program.chmod(0o755)
    path = configured.process_environment()["PATH"]
    configured.environment["PATH"] = f"{folder}:{path}"
    return configured


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["pl"], ["plan"]),
        (["state", "l"], ["list", "lock-status"]),
        (["deployment", "keys", "sh"], ["show"]),
        (["plan", "-det"], ["-detailed-exitcode"]),
        (["plan", "--det"], ["--detailed-exitcode"]),
        (["plan", "-ou"], ["-out="]),
        (["plan", "-out=pl"], ["-out=plans/"]),
        (["apply", "plans/"], ["plans/first.plan"]),
        (["plan", "-out", "pl"], ["plans/"]),
        (["-ch"], ["-chdir="]),
        (["-chdir=p"], ["-chdir=plans/"]),
        (["graph", "-type="], ["-type=dot", "-type=mermaid"]),
        (["graph", "-type", ""], ["dot", "mermaid"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["plan", "-var=c"], ["-var=colour="]),
        (["lock", "bench."], ["bench.a", "bench.many"]),
        (["run", "t"], ["train", "train.py"]),
        (["run", "train", ""], []),
        (["output", ""], ["id"]),
        (["runs", "list", "-workspace="], ["-workspace=main"]),
        (["nonsense", ""], []),
        (["plan", "-json=", ""], []),
    ],
)
def test_words_are_offered(configured: Project, words: list[str], found: list[str]) -> None:
    assert offered(configured, *words) == found


def test_recorded_addresses_are_offered(configured: Project) -> None:
    assert offered(configured, "state", "show", "") == []
    configured.apply()
    found = offered(configured, "state", "show", "")
    assert found == ["bench.a", 'bench.many["eu"]', "workspace.main"]
    assert offered(configured, "state", "show", 'bench.many\\[\\"e') == ['bench.many["eu"]']
    assert offered(configured, "-chdir=plans", "state", "show", "") == []


def test_what_can_be_run_is_offered(project: Project) -> None:
    project.write("aml_config/local.runconfig", "")
    assert offered(project, "run", "") == ["local", "aml_config/"]
    project.hcl('estimator "generic" "mine" {\n  entry_script = "x.py"\n}\n')
    assert offered(project, "run", "m") == ["mine"]


def test_a_broken_configuration_offers_no_names(project: Project) -> None:
    project.hcl("model {")
    assert offered(project, "lock", "") == []


def test_commands_and_options_import_no_configuration(project: Project) -> None:
    text = (
        "import sys; sys.argv = ['amlplan', 'completion', 'words', 'plan', '-'];"
        "from amlplan.cli.main import main; main();"
        "print([name for name in sys.modules if name in ('click', 'pydantic', 'amlplan.config')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=project.root,
        env=project.process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("typed", "shown"), TYPED)
def test_shells_complete(on_path: Project, shell: str, typed: str, shown: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    terminal = Terminal(on_path, program=SHELLS[shell], PS1="$ ", COLUMNS="200")
    terminal.type(SETUP[shell])
    terminal.read_until("ready\r\n")
    terminal.text = ""
    terminal.type(f"{typed}\t\t\t")
    terminal.read_until(shown)
    terminal.process.kill()
    terminal.end()


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("typed", "shown"), TYPED)
def test_fish_completes(on_path: Project, typed: str, shown: str) -> None:
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"amlplan completion fish | source; complete -C '{typed}'"],
        cwd=on_path.root,
        env=on_path.process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown in [line.partition("\t")[0] for line in done.stdout.splitlines()]


def test_an_address_with_quotes_is_completed_to_what_bash_reads_back(
    on_path: Project, tmp_path: Path
) -> None:
    on_path.apply()
    script = (
        f"{on_path.run('completion', 'bash').out}\n"
        "COMP_LINE='amlplan state show bench.m' COMP_POINT=26\n"
        '_amlplan; eval "printf %s ${COMPREPLY[0]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=on_path.root,
        env=on_path.process_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == 'bench.many["eu"]'
