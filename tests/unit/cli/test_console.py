"""`amlplan console`: what expressions give, at a terminal and piped."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from amlplan.cli.interactive.completion import completions
from amlplan.cli.interactive.lines import is_complete
from amlplan.cli.interactive.scope import console_scope
from harness.terminal import Terminal
from terraform_console import TERRAFORM, console

if TYPE_CHECKING:
    from pathlib import Path

    from harness.project import Project, Result

CONFIGURATION = """
variable "team" {
  default = "vision"
}

variable "key" {
  default   = "hunter22"
  sensitive = true
}

variable "missing" {}

locals {
  tags = { team = var.team }
  made = "id ${bench.a.id}"
}

bench "thing" "a" {
  value = "red"
  tags  = local.tags
}

output "a" {
  value = bench.a.echo
}
"""
EXPRESSIONS = [
    '[1, "a", null, true, [], {}, 1.5, -0.5]',
    'toset(["b", "a"])',
    'tomap({ a = 1, "b c" = 2 })',
    '{ a = { b = [1] }, "c d" = 2, "1x" = 3 }',
    '"a\\nb"',
    '"\\n"',
    '["a\\nb\\n"]',
    '[["  a\\n b"]]',
    '{ "a\\nb" = 1 }',
    '"a\\nEOT\\nb"',
    '"q\\"\\\\$${x}%%{y}\\u0001\\u007f\\t\\u2028é\\U0001F600\\u00a0\\u0085"',
    "tolist([])",
    "tomap({})",
    "toset([])",
    "null",
    'tolist(["a", null])',
    "tolist([[null]])",
    "tomap({ a = null, b = 1 })",
    'tolist([{ a = "x\\ny" }])',
    "1e30",
    "100 / 8",
    "sensitive(1)",
    "[sensitive([1])]",
    'type([1, "a", { b = [] }])',
    "type(tolist([tolist([1])]))",
    "type(tomap({ a = [1] }))",
    'type(toset(["a"]))',
    'type({ a = 1, "b c" = true })',
    "type({})",
    "type(null)",
]


def piped(project: Project, text: str, *options: str, code: int = 0) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(text))
        return project.run("console", *options, code=code)


@pytest.mark.skipif(TERRAFORM is None, reason="Terraform is not installed")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values_are_printed_as_terraform_prints_them(
    expression: str, tmp_path: Path, project: Project
) -> None:
    assert piped(project, f"{expression}\n").out == console(expression, tmp_path)


def test_nothing_is_known_that_was_not_applied(project: Project) -> None:
    project.hcl(CONFIGURATION)
    result = piped(project, "var.team\nvar.missing\nvar.key\nbench.a\nlocal.made\nlocal.tags\n")
    assert result.out.splitlines() == [
        '"vision"',
        "(known after apply)",
        "(sensitive value)",
        "(known after apply)",
        "(known after apply)",
        "{",
        '  "team" = "vision"',
        "}",
    ]


def test_resources_are_as_the_state_records_them(project: Project) -> None:
    project.hcl(CONFIGURATION.replace('variable "missing" {}', ""))
    project.apply()
    (identity, thing), *_ = World(project.world).objects().items()
    World(project.world).put(identity, {**thing, "value": "outside"})
    made = json.loads(project.run("state", "show", "bench.a", "-json").out)["outputs"]["values"][
        "id"
    ]
    project.hcl(CONFIGURATION.replace("red", "blue"))
    before = project.root / "amlplan.state.json"
    text = before.read_bytes()
    shape = piped(project, "type({ a = bench.a })\n").out
    assert "        value: string,\n" in shape
    result = piped(project, "bench.a.value\nlocal.made\nbench.a.tags\n", "-var=team=x")
    assert result.out.splitlines() == [
        '"red"',
        f'"id {made}"',
        "{",
        '  "team" = "vision"',
        "}",
    ]
    assert before.read_bytes() == text


def test_secrets_stay_secrets(project: Project) -> None:
    project.environment["TOKEN"] = "hunter22"
    shown = 'env_secret("TOKEN")\n"${env_secret("TOKEN")}-"\nlength(env_secret("TOKEN")) > 0\n'
    result = piped(project, shown)
    assert result.out.splitlines() == ["(sensitive value)"] * 3
    again = piped(project, 'upper(env_secret("TOKEN"))\n', "-no-secrets")
    assert again.out.strip() == "(sensitive value)"
    marked_off = piped(project, 'nonsensitive("${env_secret("TOKEN")}-")\n')
    assert "hunter22" not in (result.all + again.all + marked_off.all).lower()


def test_an_expression_goes_on_until_its_brackets_close(project: Project) -> None:
    text = "# a comment\n\n[\n  1,\n  2,\n]\n{ a = <<EOT\nx\nEOT\n}\n(1 +\n 2)\n/* of\nlines */ 4\n"
    result = piped(project, text)
    assert result.out.splitlines()[:4] == ["[", "  1,", "  2,", "]"]
    assert result.out.splitlines()[-2:] == ["3", "4"]


def test_the_first_mistake_ends_what_is_piped_and_is_shown_in_its_line(project: Project) -> None:
    result = piped(project, "1\n\n[\n nope(1)]\n2\n", code=1)
    assert result.out == "1\n"
    assert "line 4" in result.err
    assert 'There is no function named "nope".' in result.err


@pytest.mark.parametrize("text", ["[1,", "1 +", '"a', "<<EOT\n", "a b", "'x'", ")"])
def test_what_is_no_expression_is_told(project: Project, text: str) -> None:
    result = piped(project, f"{text}\n", code=1)
    assert "Error: " in result.err
    assert "<console-input> line " in result.err


def test_what_is_not_utf8_is_told(project: Project) -> None:
    done = subprocess.run(
        project.command("console"),
        cwd=project.root,
        env=project.process_environment(),
        input=b'"\xff"\n',
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"Error: Invalid character encoding" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_configuration_with_mistakes_is_told(project: Project) -> None:
    project.hcl("locals {\n  a = local.b\n}\n")
    assert "There is no local value named b" in piped(project, "1\n", code=10).err


def test_nothing_is_written_into_the_project(project: Project) -> None:
    project.hcl(CONFIGURATION)
    piped(project, "bench.a\n")
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]


def test_at_a_terminal_mistakes_do_not_end_it(project: Project) -> None:
    project.hcl(CONFIGURATION)
    terminal = Terminal(project, "console")
    for typed, shown in (
        ("nope\n", "Reference to unknown name"),
        ("[1,\n", "\n: "),
        ("2]\n", "  2,"),
        ("var.te\t\n", '"vision"'),
        (' "kept" \n', '"kept"'),
        ("40 + 2\n", "42"),
    ):
        terminal.read_until("> " if not terminal.text else "")
        terminal.text = ""
        terminal.type(typed)
        terminal.read_until(shown)
    terminal.text = ""
    terminal.type("(1 +\n")
    terminal.read_until("\n: ")
    terminal.text = ""
    time.sleep(0.5)  # until it waits for a key
    os.killpg(terminal.process.pid, signal.SIGINT)
    terminal.read_until("\n> ")
    terminal.type("exit\n")
    assert terminal.end() == 0, terminal.text
    history = project.data / "console_history"
    assert "40 + 2" in history.read_text()
    assert "kept" not in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600


def test_the_end_of_the_input_ends_it(project: Project) -> None:
    terminal = Terminal(project, "console")
    terminal.read_until("> ")
    terminal.type("\x04")
    assert terminal.end() == 0


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("va", ["values(", "var"]),
        ("1 + var.", ["key", "missing", "team"]),
        ("var.te", ["team"]),
        ("[local.", ["made", "tags"]),
        ("local.tags.", ["team"]),
        ("upper(be", ["bench"]),
        ("bench.", ["a"]),
        ("bench.a.we", ["weight"]),
        ("bench.a.nope.x", []),
        ("fileb", ["filebase64(", "filebase64sha256(", "filebase64sha512("]),
        ('"a"', []),
        ("path.", ["cwd", "module", "root"]),
    ],
)
def test_names_are_completed(project: Project, line: str, names: list[str]) -> None:
    project.hcl(CONFIGURATION)
    with project._inside():
        scope = console_scope((), secrets_enabled=True)
        assert completions(line, scope)[1] == names


def test_names_of_several_objects_are_completed(project: Project) -> None:
    project.hcl('bench "thing" "m" {\n  for_each = { eu = "x", us = "y" }\n}\n')
    with project._inside():
        scope = console_scope((), secrets_enabled=True)
        assert completions('bench.m["eu"].ech', scope)[1] == ["echo"]
        assert completions("bench.m.", scope)[1] == ["eu", "us"]


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("1\n", True),
        ("[\n", False),
        ('"[" \n', True),
        ('"${[1\n', False),
        ("<<EOT\na\n", False),
        ("<<EOT\n[\nEOT\n", True),
        ("/* a\n", False),
        ("]\n", True),
        ('"a\n', True),
    ],
)
def test_open_brackets_are_seen(text: str, is_whole: bool) -> None:
    assert is_complete(text) is is_whole
