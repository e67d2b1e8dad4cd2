"""What is wrong is said, with its place and what to do, several at once; nothing is touched."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.project import Result, project_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project

WORKSPACE = 'workspace "main" {\n  history {\n    path = "workspace"\n  }\n}\n'
COMMANDS = [
    ["validate"],
    ["plan"],
    ["plan", "-out=it.plan"],
    ["apply", "-auto-approve"],
    ["apply", "-auto-approve", "-update-lock"],
]


def tree(*folders: Path) -> dict[str, str]:
    """Every file of some folders with the digest of its bytes, its mode and its target."""
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink():
                told = str(path.readlink())
            elif path.is_file() and os.access(path, os.R_OK):
                told = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                told = "-"
            found[str(path)] = f"{path.lstat().st_mode:o} {told}"
    return found


def folders(project: Project) -> tuple[Path, ...]:
    top = project.root.parent
    return (project.root, top / "data", top / "cache", top / "home", project.world)


def refuse(project: Project, *arguments: str, code: int = 10) -> Result:
    """Run a command that must refuse, explain itself and leave every file as it is."""
    before = tree(*folders(project))
    result = project.run(*arguments, code=code)
    assert tree(*folders(project)) == before
    assert not result.out
    for word in ("Traceback", "Unexpected", "pydantic", "<class", "Errno"):
        assert word not in result.all
    for paragraph in re.split(r"^Error: ", result.err, flags=re.MULTILINE)[1:]:
        summary = paragraph.partition("\n")[0]
        assert summary[0].isupper()
        assert not summary.endswith(".")
    return result


MISTAKES = [
    ("unknown block", "pipeline {}", "Unsupported block type", 1),
    ("misspelt block", 'modl "x" {}', 'Did you mean "model"?', 1),
    ("unknown kind", 'bench "thingy" "x" {}', 'Did you mean "thing"?', 1),
    ("no label", 'bench "thing" {}', "Wrong number of labels", 1),
    ("a label too many", 'model "a" "b" {}', "label", 1),
    ("bad label", 'bench "thing" "a b" {}', "Invalid label", 1),
    ("unknown argument", 'bench "thing" "a" {\n  valeu = "x"\n}', 'Did you mean "value"?', 2),
    ("unknown inner block", 'bench "thing" "a" {\n  inner {}\n}', '"inner"', 2),
    ("missing argument", f'{WORKSPACE}datastore "local" "d" {{}}', '"path" is required', 6),
    ("text for a number", 'bench "thing" "a" {\n  steps = "many"\n}', "whole number", 2),
    ("a fraction", 'bench "thing" "a" {\n  steps = 1.5\n}', "whole number", 2),
    ("a list for a text", 'bench "thing" "a" {\n  value = [1]\n}', "string", 2),
    ("a text for a list", 'bench "thing" "a" {\n  needs = "x"\n}', "list", 2),
    ("a text for a map", 'bench "thing" "a" {\n  options = "x"\n}', "map", 2),
    ("a block for a map", 'bench "thing" "a" {\n  options {}\n}', "options = …", 2),
    ("an argument for a block", 'workspace "main" {\n  history = 1\n}', "history { … }", 2),
    ("a block twice", 'workspace "main" {\n  history {}\n  history {}\n}', "once", 3),
    ("an argument twice", 'bench "thing" "a" {\n  value = ""\n  value = ""\n}', "value", 3),
    ("a resource twice", 'bench "thing" "a" {}\nbench "thing" "a" {}', "main.hcl:1", 2),
    ("a bad name", 'workspace "main" {\n  name = "a b"\n}', "naming rule", 2),
    ("a bad choice", 'workspace "main" {\n  history {\n    store = "x"\n  }\n}', "sqlite", 3),
    ("a bad principal", 'workspace "main" {\n  owners = ["ana"]\n}', '"ana" does not match', 2),
    (
        "two roles",
        'workspace "main" {\n  owners = ["user:a"]\n  readers = ["user:a"]\n}',
        "two roles",
        3,
    ),
    ("reference to nothing", 'bench "thing" "a" {\n  value = bench.b.id\n}', "named b", 2),
    (
        "a missing attribute",
        'bench "thing" "a" {\n  value = bench.b.idd\n}\nbench "thing" "b" {}',
        "idd",
        2,
    ),
    ("an unknown root", 'bench "thing" "a" {\n  value = nonsense\n}', "in quotes", 2),
    ("an unknown function", 'bench "thing" "a" {\n  value = uper("x")\n}', "upper", 2),
    ("a reference to itself", 'bench "thing" "a" {\n  value = bench.a.id\n}', "circle", 2),
    (
        "a cycle",
        'bench "thing" "a" {\n  value = bench.b.id\n}\nbench "thing" "b" {\n  value=bench.a.id\n}',
        "circle",
        2,
    ),
    ("a cycle of locals", "locals {\n  a = local.b\n  b = local.a\n}", "circle", 2),
    ("no workspace", 'compute "local" "here" {}', 'workspace "main" {}', 1),
    (
        "two workspaces",
        f'{WORKSPACE}workspace "dev" {{}}\ncompute "local" "here" {{}}',
        "default = true",
        7,
    ),
    (
        "two defaults",
        (
            f'{WORKSPACE}datastore "local" "a" {{\n  path = "a"\n  default = true\n}}\n'
            'datastore "local" "b" {\n  path = "b"\n  default = true\n}'
        ),
        "default = true",
        12,
    ),
    (
        "two workspaces by default",
        'workspace "one" {\n  default = true\n}\nworkspace "two" {\n  default = true\n}',
        "default = true",
        5,
    ),
    (
        "duplicate names outside",
        'bench "thing" "a" {\n  name = "same"\n}\nbench "thing" "b" {\n  name = "same"\n}',
        '"same"',
        5,
    ),
    (
        "a reference in quotes",
        f'{WORKSPACE}compute "local" "here" {{\n  workspace = "main"\n}}',
        "without quotes",
        7,
    ),
    ("a missing file", f'{WORKSPACE}model "m" {{\n  source = "none.bin"\n}}', "none.bin", 6),
    ("a missing file of text", 'bench "thing" "a" {\n  value = file("none")\n}', "none", 2),
    (
        "not locked",
        f'{WORKSPACE}environment "e" {{\n  python = "3.11"\n  requirements = ["x"]\n}}',
        "amlplan init",
        6,
    ),
    (
        "a python that is a number",
        f'{WORKSPACE}environment "e" {{\n  python = 3.10\n}}',
        "string",
        7,
    ),
    ("an unclosed block", 'bench "thing" "a" {\n  value = "x"\n', "Unclosed", 1),
    ("an unclosed text", 'bench "thing" "a" {\n  value = "x\n}\n', "main.hcl line 2", 2),
    ("an argument at the top", "x = 1", "inside blocks", 1),
    ("a sensitive output", 'output "x" {\n  value = env_secret("HOME")\n}', "sensitive = true", 2),
]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [pytest.param(*rest, id=name) for name, *rest in MISTAKES],
)
def test_each_mistake_is_shown_at_its_line(
    project: Project, text: str, message: str, line: int
) -> None:
    project.hcl(text)
    commands = [["plan"], ["apply", "-auto-approve"]]
    for command in commands:
        result = refuse(project, *command)
        assert message in result.err
        assert f"on main.hcl line {line}" in result.err


def test_several_mistakes_are_shown_at_once(project: Project) -> None:
    project.write("a.hcl", 'bench "thing" "a" {\n  valeu = 1\n  steps = "x"\n}\npipeline {}\n')
    project.write("b.hcl", 'bench "thing" "b" {\n  value = bench.c.id\n}\noutput "x" {}\n')
    project.write("c.amlvars", "nothing = 1\n")
    for command in COMMANDS:
        result = refuse(project, *command, "-var=y=1", "-var-file=c.amlvars")
        for place in (
            "a.hcl line 2",
            "a.hcl line 3",
            "a.hcl line 5",
            "b.hcl line 2",
            "b.hcl line 4",
        ):
            assert f"on {place}" in result.err
        assert result.err.count("Error: ") == 7
        assert result.err.index("a.hcl line 5") < result.err.index("b.hcl line 2")


def test_mistakes_of_syntax_in_several_files(project: Project) -> None:
    project.write(
        "a.hcl", 'bench "thing" "a" {\n  value = = 1\n}\nbench "thing" "b" {\n  value = )\n}\n'
    )
    project.write("b.hcl", "output x {\n")
    result = refuse(project, "plan")
    for place in ("a.hcl line 2", "a.hcl line 5", "b.hcl line 1"):
        assert f"on {place}" in result.err


STATES = {
    "empty": b"",
    "spaces": b"  \n",
    "no json": b"hello",
    "a list": b"[]",
    "somebody's json": b'{"a": 1}',
    "terraform's": b'{"version": 4, "terraform_version": "1.9.0", "lineage": "x", "serial": 1}',
    "newer": b'{"about": "x", "format_version": 99, "tool_version": "9.0", "lineage": "x"}',
    "binary": bytes(range(256)) * 4,
    "nested": b"[" * 30_000,
    "cut": b'{"about": "amlplan state; changes by hand are refused", "sha256": "',
}


@pytest.mark.parametrize("content", list(STATES.values()), ids=list(STATES))
def test_a_state_that_is_none_is_left_alone(project: Project, content: bytes) -> None:
    project.hcl('bench "thing" "a" {}\n')
    (project.root / "amlplan.state.json").write_bytes(content)
    for command in (["plan"], ["apply", "-auto-approve"], ["destroy", "-auto-approve"], ["drift"]):
        result = refuse(project, *command, code=15)
        assert "amlplan.state.json" in result.err


def test_a_state_that_was_changed_by_hand(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  value = "red"\n}\n')
    project.apply()
    path = project.root / "amlplan.state.json"
    path.write_bytes(path.read_bytes().replace(b'"red"', b'"tan"'))
    for command in (["plan"], ["apply", "-auto-approve"], ["output"], ["show"]):
        assert "changed by hand" in refuse(project, *command, code=15).err


def test_a_state_that_is_a_folder_or_a_link_to_nothing(project: Project) -> None:
    project.hcl('bench "thing" "a" {}\n')
    path = project.root / "amlplan.state.json"
    path.mkdir()
    refuse(project, "apply", "-auto-approve", code=15)
    path.rmdir()
    path.symlink_to("amlplan.state.json")
    refuse(project, "apply", "-auto-approve", code=15)


LOCKS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"format_version": 99}',
    b'{"format_version": "x"}',
    b"\xff",
    b'{"format_version": 1, "entries": 1}',
    b'{"format_version": 1, "entries": {"a": 1}}',
]


@pytest.mark.parametrize("content", LOCKS)
def test_a_lock_file_that_is_none(project: Project, content: bytes) -> None:
    project.hcl('bench "thing" "a" {}\n')
    (project.root / "amlplan.lock").write_bytes(content)
    for command in COMMANDS:
        result = refuse(project, *command)
        assert "amlplan.lock" in result.err
        assert "git checkout" in result.err


GARBAGE = {
    "nul": b"\0",
    "latin-1": 'bench "thing" "a" {\n  value = "é"\n}\n'.encode("latin-1"),
    "utf-16": 'bench "thing" "a" {}\n'.encode("utf-16"),
    "a byte": b"\xff",
    "open brackets": b"x = " + b"[" * 30_000,
    "open braces": b"x {" * 8_000,
    "open calls": b"locals {\n x = " + b"f(" * 15_000 + b")" * 15_000 + b"\n}\n",
    "open parentheses": b"locals {\n x = " + b"(" * 15_000 + b"1" + b")" * 15_000 + b"\n}\n",
    "many nots": b"locals {\n x = " + b"!" * 15_000 + b"true\n}\n",
    "many minus": b"locals {\n x = " + b"-" * 15_000 + b"1\n}\n",
    "templates": b'locals {\n x = "' + b"${" * 8_000 + b'"\n}\n',
    "conditionals": b"locals {\n x = " + b"true ? 1 : " * 8_000 + b"1 ]\n}\n",
    "a long line": b"locals {\n x = " + b"1 + " * 15_000 + b"\n}\n",
    "a surrogate": b'locals {\n x = "\xed\xa0\x80"\n}\n',
    "a surrogate escape": b'locals {\n x = "\\ud800"\n}\noutput "x" {\n value = local.x ] }\n',
    "a huge number": b'locals {\n x = 1e999999999\n}\noutput "x" {\n value = local.x ] }\n',
    "a heredoc without end": b"locals {\n x = <<-EOT\n  text\n",
    "only quotes": b'"' * 1001,
    "control characters": b"\x01\x02\x1b[31m",
    "a pipe of bars": b"|" * 1000,
}


@pytest.mark.parametrize("content", list(GARBAGE.values()), ids=list(GARBAGE))
def test_garbage_is_refused_without_a_defect(project: Project, content: bytes) -> None:
    (project.root / "main.hcl").write_bytes(content)
    result = refuse(project, "plan")
    assert "main.hcl" in result.err
    assert "\x1b" not in result.all
    refuse(project, "apply", "-auto-approve")
    assert not json.loads(project.run("validate", "-json", code=10).out)["valid"]


def test_random_bytes_are_refused_without_a_defect(project: Project) -> None:
    chance = random.Random(20181010)
    pieces = [
        b'bench "thing" "a"',
        b"{",
        b"}",
        b"\n",
        b"=",
        b'"',
        b"${",
        b"<<EOT\n",
        b"x",
        b"1",
        b"[",
        b"]",
        b"(",
        b")",
        b"%{",
        b"~",
        b"?",
        b":",
        b".",
        b"for",
        b"\\u",
        b"\xc3\xa9",
        b" ",
    ]
    for _ in range(150):
        text = b"".join(chance.choices(pieces, k=chance.randrange(1, 60)))
        if chance.random() < 0.2:
            text += chance.randbytes(20)
        (project.root / "main.hcl").write_bytes(text)
        result = project.run("plan", code=None)
        assert result.code in (0, 10), text
        assert "Traceback" not in result.all, text
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]


def test_a_byte_order_mark_and_line_ends_of_windows_are_fine(project: Project) -> None:
    text = '\ufeffbench "thing" "a" {\r\n  value = "one"\r\n  needs = [\r\n    "x",\r\n  ]\r\n}\r\n'
    (project.root / "main.hcl").write_bytes(text.encode())
    assert '+ value   = "one"' in project.run("plan").out
    project.apply()


def test_files_that_are_none(project: Project) -> None:
    refuse(project, "plan")
    (project.root / "main.hcl").mkdir()
    assert "main.hcl" in refuse(project, "plan").err
    (project.root / "main.hcl").rmdir()
    (project.root / "main.hcl").symlink_to("nowhere")
    assert "main.hcl" in refuse(project, "plan").err
    (project.root / "main.hcl").unlink()
    project.write("main.hcl.json", "[1]")
    assert "main.hcl.json" in refuse(project, "plan").err
    (project.root / "main.hcl.json").unlink()
    project.hcl("")
    assert "No changes." in project.run("plan").out
    project.hcl("# a comment")
    assert "No changes." in project.run("apply", "-auto-approve").out


def test_a_pipe_in_the_place_of_a_file_does_not_hang(project: Project) -> None:
    os.mkfifo(project.root / "main.hcl")
    done = subprocess.run(
        project.command("plan"),
        cwd=project.root,
        env=project.process_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 10
    assert "main.hcl" in done.stderr


AS_NOBODY = """
import contextlib, io, json, os, sys
from amlplan.cli.app import run
import amlplan.cli.commands.apply, amlplan.cli.commands.init, deepdiff

def captured(arguments):
    streams = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        code = run(arguments)
    return [code, *(stream.getvalue() for stream in streams)]

captured(["plan"])  # imports what this user may not read any more below
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps([captured(arguments) for arguments in json.loads(sys.argv[1])]))
"""


def as_nobody(project: Project, *commands: list[str]) -> list[Result]:
    """Run commands as a user whom file modes bind, also where the tests run as root."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, json.dumps(commands)],
        cwd=project.root,
        env=project.process_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Result(*result) for result in json.loads(done.stdout)]


@pytest.fixture
def reachable() -> Iterator[Project]:
    """A project that is open to every user; not in the folder of pytest: each start closes that."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        project = project_in(Path(folder))
        yield project
        project.root.chmod(0o755)


@pytest.mark.slow
def test_files_that_may_not_be_read(reachable: Project) -> None:
    project = reachable
    project.hcl('bench "thing" "a" {}\n')
    for name in ("main.hcl", "amlplan.state.json", "amlplan.lock", "amlplan.amlvars"):
        if name != "main.hcl":
            (project.root / "main.hcl").chmod(0o644)
            project.write(name, "")
        (project.root / name).chmod(0)
        for result in as_nobody(project, ["plan"], ["apply", "-auto-approve"]):
            assert result.code == (15 if "state" in name else 10), result.err
            assert name in result.err
            assert "Permission denied" in result.err
        if name != "main.hcl":
            (project.root / name).unlink()


def test_a_folder_that_may_not_be_written(reachable: Project) -> None:
    project = reachable
    project.hcl('bench "thing" "a" {}\n')
    project.root.chmod(0o555)
    before = tree(*folders(project))
    plan, apply, saved, init = as_nobody(
        project, ["plan"], ["apply", "-auto-approve"], ["plan", "-out=it.plan"], ["init"]
    )
    assert plan.code == 0
    assert apply.code == 15
    assert "must be writable" in apply.err
    assert saved.code == 1
    assert "it.plan could not be written: Permission denied" in saved.err
    assert init.code == 1
    assert ".gitignore" in init.err
    assert tree(*folders(project)) == before


def test_a_full_disk(project: Project) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small tmpfs can be mounted by root only")
    project.hcl('bench "thing" "a" {}\n')
    small = project.root.parent / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        project.environment["AMLPLAN_STATE"] = str(small / "it.state")
        (small / "filler").write_bytes(b"x" * 65536)
        before = tree(project.root, small)
        result = project.run("apply", "-auto-approve", code=15)
        assert "No space left on device" in result.err
        left = {path.name for path in small.iterdir()} - {"filler"}
        assert left <= {"it.state.lock"}, left
        assert not project.world.exists()
        result = project.run("plan", f"-out={small / 'it.plan'}", code=1)
        assert "make room" in result.err
        assert {
            name: text for name, text in tree(project.root, small).items() if name in before
        } == (before)
        (small / "filler").unlink()
        project.apply()
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_saved_plan_that_is_none(project: Project) -> None:
    project.hcl('bench "thing" "a" {}\n')
    project.run("plan", "-out=good.plan")
    good = (project.root / "good.plan").read_bytes()
    bad = [
        b"",
        b"{}",
        b"null",
        good[: len(good) // 2],
        b"\xff",
        bytes(range(256)),
        b"[" * 30_000,
        good.replace(b'"format_version": 1', b'"format_version": 2'),
        good.replace(b'"format_version":1', b'"format_version":2'),
    ]
    for content in bad:
        if content == good:
            continue
        (project.root / "bad.plan").write_bytes(content)
        refuse(project, "apply", "bad.plan", code=16)
        refuse(project, "show", "bad.plan", code=16)
    refuse(project, "apply", ".", code=1)


def test_a_saved_plan_that_was_changed_by_hand(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  value = "red"\n}\n')
    project.run("plan", "-out=it.plan")
    path = project.root / "it.plan"
    path.write_bytes(path.read_bytes().replace(b'"red"', b'"tan"'))
    refuse(project, "apply", "it.plan", code=16)
