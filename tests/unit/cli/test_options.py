"""How arguments are read: one dash or two, `=` or a space, exactly, with a suggestion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from amlplan.cli.commands.apply import command as apply
from amlplan.cli.commands.plan import command as plan
from amlplan.cli.options import exact_arguments

if TYPE_CHECKING:
    from harness.project import Project

READ = [
    ("-out=x", ["--out=x"]),
    ("--out=x", ["--out=x"]),
    ("-out x", ["--out=x"]),
    ("--out x", ["--out=x"]),
    ("-out=", ["--out="]),
    ("-out=a=b", ["--out=a=b"]),
    ("-out -destroy", ["--out=-destroy"]),
    ("-destroy", ["--destroy"]),
    ("--destroy", ["--destroy"]),
    ("-destroy=true", ["--destroy"]),
    ("-destroy=1", ["--destroy"]),
    ("--destroy=false", ["--no-destroy"]),
    ("-destroy=0", ["--no-destroy"]),
    ("-detailed-exitcode", ["--detailed-exitcode"]),
    ("-var a=1 -var=b=2 --var c=3", ["--var=a=1", "--var=b=2", "--var=c=3"]),
    ("-h", ["-help"]),
    ("-help", ["-help"]),
    ("--help", ["-help"]),
    ("-", ["--", "-"]),
    ("-- -out", ["--", "-out"]),
    ("first -destroy second", ["--destroy", "--", "first", "second"]),
]

REFUSED = [
    ("-outt=x", 'There is no option -outt. Did you mean "-out"?'),
    ("--outt x", 'There is no option --outt. Did you mean "--out"?'),
    ("-ou x", 'There is no option -ou. Did you mean "-out"?'),
    ("-o x", "There is no option -o."),
    ("-ox", "There is no option -ox."),
    ("-detailed-exit", 'There is no option -detailed-exit. Did you mean "-detailed-exitcode"?'),
    ("-DESTROY", "There is no option -DESTROY."),
    ("-no-destroy", "There is no option -no-destroy."),
    ("-destroy=yes", "-destroy takes true or false, not 'yes'."),
    ("-destroy=", "-destroy takes true or false, not ''."),
    ("-out", "-out needs a value, as in -out=…"),
    ("-var", "-var needs a value"),
    ("-é", "There is no option -é."),
    ("---out=x", "There is no option ---out."),
    ("-=x", "There is no option -."),
]


@pytest.mark.parametrize(("line", "exact"), READ, ids=str)
def test_arguments_are_read(line: str, exact: list[str]) -> None:
    assert exact_arguments(plan, line.split()) == exact


@pytest.mark.parametrize(("line", "message"), REFUSED, ids=str)
def test_arguments_are_refused(line: str, message: str) -> None:
    with pytest.raises(click.UsageError) as raised:
        exact_arguments(plan, line.split())
    assert message in raised.value.message


@pytest.mark.parametrize("option", sorted(name for p in apply.params for name in p.opts))
def test_no_abbreviation_of_an_option_is_taken(option: str) -> None:
    name = option.lstrip("-")
    others = {other.lstrip("-") for p in apply.params for other in p.opts}
    for length in range(1, len(name)):
        if name[:length] in {*others, "h"} or not option.startswith("-"):
            continue
        with pytest.raises(click.UsageError):
            exact_arguments(apply, [f"-{name[:length]}", "1"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plna"], 'There is no command "plna". Did you mean "plan"?'),
        (["state", "lst"], 'There is no command "state lst". Did you mean "list"?'),
        (["plan", "-outt=x"], 'Did you mean "-out"?'),
        (["-chdri=x", "plan"], 'Did you mean "-chdir"?'),
        (["-chdir"], "-chdir needs a value"),
        (["-chdir=missing", "plan"], "-chdir=missing: No such file or directory"),
        (["plan", "extra"], "extra"),
        (["apply", "one", "two"], "two"),
        (["apply", "-parallelism=0"], "0 is not in the range"),
        (["apply", "-parallelism=many"], "'many' is not a valid integer"),
        (["apply", "-lock-timeout=soon", "-auto-approve"], "duration"),
        (["state", "show"], "ADDRESS"),
        (["output", "-raw"], "name it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_exits_with_1_and_says_what_to_do(
    project: Project, arguments: list[str], message: str
) -> None:
    project.hcl('bench "thing" "a" {}')
    result = project.run(*arguments, code=1)
    assert message in result.err
    assert result.err.startswith("Error: ")
    assert not result.out
    assert not list(project.root.glob("amlplan.state*"))


@pytest.mark.parametrize("spelling", ["-h", "-help", "--help"])
@pytest.mark.parametrize("command", [[], ["plan"], ["state"], ["state", "list"], ["apply"]])
def test_help_is_printed_with_one_dash(project: Project, command: list[str], spelling: str) -> None:
    result = project.run(*command, spelling)
    assert "-help" in result.out
    assert "--help" not in result.out
    assert not result.err


@pytest.mark.parametrize("command", [[], ["state"]])
def test_a_command_left_out_shows_the_help(project: Project, command: list[str]) -> None:
    result = project.run(*command, code=1)
    assert "Commands:" in result.all
    assert "Error" not in result.all


@pytest.mark.parametrize("spelling", ["version", "-version", "--version"])
def test_the_version_is_told(project: Project, spelling: str) -> None:
    assert project.run(spelling).out.startswith("amlplan ")


def test_chdir_is_where_everything_is_relative_to(project: Project) -> None:
    project.write("inner/main.hcl", 'bench "thing" "a" {}')
    project.run("-chdir=inner", "plan", "-out=it.plan")
    assert (project.root / "inner" / "it.plan").exists()
    project.run("--chdir", "inner", "apply", "it.plan")
    assert (project.root / "inner" / "amlplan.state.json").exists()
    project.environment["AMLPLAN_CHDIR"] = "inner"
    assert "bench.a" in project.run("state", "list").out


def test_the_option_wins_over_the_variable(project: Project) -> None:
    project.hcl('bench "thing" "here" {}')
    project.write("there/main.hcl", 'bench "thing" "there" {}')
    project.environment["AMLPLAN_CHDIR"] = str(project.root)
    assert "bench.there" in project.run("-chdir=there", "plan").out
    project.environment["AMLPLAN_PARALLELISM"] = "nonsense"
    project.run("apply", "-auto-approve", "-parallelism=1")
    assert "nonsense" in project.run("apply", "-auto-approve", code=1).err


@pytest.mark.parametrize("command", ["plan", "runs list"])
def test_an_option_of_all_commands_stands_before_them(project: Project, command: str) -> None:
    result = project.run(*command.split(), "-chdir=x", code=1)
    assert f"-chdir stands before the command, as in: amlplan -chdir=x {command}" in result.err
