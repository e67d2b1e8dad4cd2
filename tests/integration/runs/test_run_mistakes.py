"""Bad input to `amlplan run` and `amlplan runs`: told, with what to do, and never a traceback."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from command_line import WAIT
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from command_line import CommandLine


def test_a_script_that_is_not_there(line: CommandLine) -> None:
    result = line.run("run", "train.py", code=125)
    assert "There is no train.py in" in result.err
    line.write("a.py/x", "")
    assert "There is no a.py in" in line.run("run", "a.py", code=125).err
    assert "Nothing to run" in line.run("run", code=125).err
    assert not line.folders()


def test_a_name_that_is_near_a_script_gets_a_suggestion(line: CommandLine) -> None:
    line.write("train.py", "")
    line.write("deep/score.py", "")
    near = {
        "trian.py": "train.py",
        "trian": "train.py",
        "./trian.py": "./train.py",
        "deep/scor.py": "deep/score.py",
    }
    for name, meant in near.items():
        assert f'Did you mean "{meant}"?' in line.run("run", name, code=125).err
    assert "Did you mean" not in line.run("run", "nothing/like-it.py", code=125).err
    line.configure(
        'run_config "t" {\n  script = "trian.py"\n}\nrun_config "predict" {\n  script = "p.py"\n}'
    )
    assert 'Did you mean "train.py"?' in line.run("run", "t", code=125).err
    assert 'Did you mean "train.py"?' in line.run("run", "trian.py", code=125).err
    assert 'Did you mean "predict"?' in line.run("run", "predict.py", code=125).err


def test_a_workspace_that_is_not_there(line: CommandLine) -> None:
    result = line.run("runs", "list", "-workspace=zz", code=1)
    assert f"There is no configuration in {line.root}" in result.err
    line.configure()
    result = line.run("runs", "list", "-workspace=mian", code=1)
    assert 'Did you mean "main"?' in " ".join(result.err.split())


def test_a_script_that_is_left_out_is_told_with_the_line(line: CommandLine) -> None:
    line.write(".gitignore", "*.csv\n\nlocal_*.py\n")
    line.write("local_train.py", "")
    result = line.run("run", "local_train.py", code=125)
    assert "excluded by .gitignore line 3" in " ".join(result.err.split())


def test_a_syntax_error_is_pythons_to_tell(line: CommandLine) -> None:
    line.write("train.py", "def f(:\n")
    result = line.run("run", "train.py", code=1)
    assert "SyntaxError" in result.out
    assert 'train.py", line 1' in result.out


def test_a_file_that_was_left_out_is_hinted_at(line: CommandLine) -> None:
    line.write(".gitignore", "# data\n\ndata/\n")
    line.write("data/x.csv", "1")
    line.write("train.py", "open('data/x.csv')\n")
    result = line.run("run", "train.py", code=1)
    assert "data/x.csv is in" in result.err
    assert "excluded by .gitignore line 3" in result.err
    assert 'input "data"' in result.err
    line.write("train.py", "open('data/y.csv')\n")
    assert "Hint" not in line.run("run", "train.py", code=1).err


def test_an_old_output_is_neither_there_nor_kept(line: CommandLine) -> None:
    line.write("outputs/model", "of an earlier run")
    line.write("outputs/t.py", "")
    line.write("t.py", "open('outputs/model')\n")
    result = line.run("run", "t.py", code=1)
    assert "Note: What is in outputs/ is left out of the snapshot" in " ".join(result.out.split())
    assert "outputs is the run's own and begins empty" in result.err
    assert line.last().outputs == {}
    result = line.run("run", "outputs/t.py", code=125)
    assert "Put it elsewhere" in result.err


def test_an_input_among_old_outputs_is_read_and_not_kept(line: CommandLine) -> None:
    block = 'run_config "t" {\n  script = "t.py"\n  input "x" {\n    path = "outputs/x"\n  }\n}\n'
    line.configure(block)
    line.write("outputs/x", "data")
    line.write("t.py", "print(open('outputs/x').read())\nopen('outputs/y', 'w').close()\n")
    assert "data" in line.run("run", "t").out
    assert set(line.last().outputs) == {"outputs/y"}


def test_an_input_that_is_not_there(line: CommandLine) -> None:
    line.configure('run_config "t" {\n  script = "t.py"\n  input "x" {\n    path = "x"\n  }\n}\n')
    line.write("t.py", "")
    assert f'The input "x" is {line.root / "x"}' in line.run("run", "t", code=125).err
    assert not line.folders()


def test_a_name_that_is_not_there_gets_a_suggestion(line: CommandLine) -> None:
    line.configure(
        'run_config "train" {\n  script = "t.py"\n}\nrun_config "b" {\n  script = "t"\n}'
    )
    result = line.run("run", "trian", code=125)
    assert 'Did you mean "train"?' in result.err
    assert "configured here: train, b" in line.run("run", code=125).err


def test_mistakes_in_a_block_are_told_with_their_line(line: CommandLine) -> None:
    line.configure()
    line.write(
        "more.hcl", 'run_config "t" {\n  script = "t.py"\n  arguments = 7\n  nonsense = 1\n}\n'
    )
    result = line.run("run", "t", code=125)
    assert "more.hcl line 4" in result.err
    line.write("more.hcl", 'run_config "t.v2" {\n  script = "t.py"\n}\n')
    assert "more.hcl line 1" in line.run("run", "t.v2", code=125).err
    line.write("more.hcl", "run_config {\n")
    assert "more.hcl" in line.run("run", "t.py", code=125).err


def test_a_name_that_no_history_may_have_is_told_before_any_run(line: CommandLine) -> None:
    line.configure('\nrun_config "t" {\n  name = "t.v2"\n  script = "t.py"\n}\n', apply=False)
    result = line.run("validate", code=10)
    words = " ".join(result.err.split())
    assert "main.hcl line 11" in words
    assert "a history called 't.v2'" in words
    assert "set history" in words
    line.change('name = "t.v2"', 'name = "t.v2"\n  history = "t-v2"')
    line.run("validate")


def test_a_reference_that_fits_nothing_or_several(line: CommandLine) -> None:
    line.write("a.py", "")
    line.write("b.py", "")
    assert "No such run" in line.run("runs", "show", code=1).err
    line.run("run", "a.py", "-history=same")
    line.run("run", "b.py", "-history=same")
    line.run("run", "b.py")
    for words in (["show", "7"], ["logs", "nothing"], ["cancel", "x"], ["download", "x"]):
        assert "No such run" in line.run("runs", *words, code=1).err
    result = line.run("runs", "show", "same_", code=1)
    assert "Several runs have this name" in result.err
    result = line.run("runs", "show", "1", code=1)
    assert "Several runs have this name" in result.err
    assert line.json("runs", "show", "1", "-history=b")["name"] == "b.py"
    assert "no run in history c." in line.run("runs", "show", "-history=c", code=1).err
    assert "and more" not in line.run("runs", "show", "same_", code=1).err
    newest = line.last().summary.id
    slip = newest[:-1] + "x"
    assert f'Did you mean "{newest}"?' in line.run("runs", "show", slip, code=1).err
    assert "No such runs" in line.run("runs", "list", "-history=c").out


def test_what_was_not_kept_cannot_be_downloaded(line: CommandLine) -> None:
    line.write("t.py", "open('outputs/model', 'w').write('m')\n")
    line.run("run", "t.py")
    line.write("u.py", "")
    line.run("run", "u.py")
    result = line.run("runs", "download", code=1)
    assert "has no outputs." in result.err
    line.run("run", "t.py")
    result = line.run("runs", "download", "-path=outputs/other", code=1)
    assert "it has: outputs/model" in result.err
    for path in line.workspace.glob("store/blobs/sha256/*/*"):
        if path.read_bytes() == b"m":
            path.chmod(0o600)
            path.write_bytes(b"x")
    result = line.run("runs", "download", "-to=there", code=1)
    assert "Stored content is damaged" in result.err
    assert not list(line.root.glob("there/outputs/*"))
    for path in line.workspace.glob("store/blobs/sha256/*/*"):
        path.unlink()
    assert "Stored content is gone" in line.run("runs", "download", code=12).err


def test_a_history_that_is_deleted_comes_again(line: CommandLine) -> None:
    line.write("t.py", "import amlplan_run\namlplan_run.log('x', 1)\n")
    line.run("run", "t.py")
    before = line.json("runs", "show")
    for path in (line.workspace / "history").glob("history.sqlite*"):
        path.unlink()
    assert line.json("runs", "show") == before
    (line.workspace / "history" / "history.sqlite").write_bytes(b"")
    assert line.json("runs", "show") == before
    line.run("run", "t.py")
    assert line.last().summary.number == 2


@pytest.mark.parametrize("kind", ["truncated", "garbage"])
def test_a_damaged_history_is_made_again_on_demand(line: CommandLine, kind: str) -> None:
    line.write("t.py", "import amlplan_run\namlplan_run.log('x', 1)\n")
    line.run("run", "t.py")
    before = line.json("runs", "show")
    database = line.workspace / "history" / "history.sqlite"
    whole = database.read_bytes()
    for path in (line.workspace / "history").glob("history.sqlite-*"):
        path.unlink()
    database.write_bytes(whole[: len(whole) // 3] if kind == "truncated" else b"x" * 9000)
    for words, code in ((["run", "t.py"], 125), (["runs", "list"], 1), (["runs", "show"], 1)):
        assert "amlplan history rebuild" in line.run(*words, code=code).err
    line.run("history", "rebuild")
    assert line.json("runs", "show", "1") == before
    line.run("run", "t.py")


def test_a_newer_history_is_left_alone(line: CommandLine) -> None:
    line.write("t.py", "print('hi')\n")
    line.run("run", "t.py")
    with sqlite3.connect(line.workspace / "history" / "history.sqlite") as connection:
        connection.execute("UPDATE meta SET format = 99")
    connection.close()
    result = line.run("run", "t.py", code=125)
    assert "newer amlplan" in result.err
    assert "hi" not in result.out
    assert "newer amlplan" in line.run("runs", "list", code=1).err


def test_a_workspace_that_cannot_be_read(line: CommandLine) -> None:
    line.write("t.py", "print('hi')\n")
    line.configure('run_config "t" {\n  script = "t.py"\n}\n')
    (document,) = line.workspace.glob("*.json")
    document.write_text("{")
    for what in ("t", "t.py"):
        result = line.run("run", what, code=125)
        assert "workspace.main" in result.err
        assert "hi" not in result.out
    line.run("runs", "list", code=1)
    document.unlink()
    assert "it is gone" in line.run("run", "t.py", code=125).err


def test_one_run_that_cannot_be_looked_at_hides_no_other(line: CommandLine) -> None:
    line.write("t.py", WAIT)
    line.run("run", "-detach", "t.py")
    folder = line.await_ready()
    marks = (folder / "supervisor.json").read_bytes()
    line.write("u.py", "")
    (folder / "supervisor.json").write_text("{")
    line.run("run", "u.py")
    result = line.run("runs", "list")
    assert "Completed" in result.out
    assert "Warning: A run cannot be looked at" in result.err
    (folder / "supervisor.json").write_bytes(marks)
    line.run("runs", "cancel", folder.name)
    line.await_nobody()


@pytest.fixture
def disk(line: CommandLine) -> Iterator[Path]:
    """A small disk with the only workspace on it."""
    with small_disk(line.base / "disk", "6M") as folder:
        line.project.hcl(f'workspace "main" {{\n  history {{\n    path = "{folder}/w"\n  }}\n}}\n')
        line.project.run("apply", "-auto-approve")
        yield folder


def fill(disk: Path, leave: int) -> Path:
    path = disk / "filling"
    with path.open("wb") as file:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        file.write(bytes(max(0, free - leave)))
    return path


def test_a_full_disk_at_the_snapshot(line: CommandLine, disk: Path) -> None:
    line.write("t.py", "print('hi')\n")
    line.write("large", "x" * 2_000_000)
    fill(disk, 500_000)
    result = line.run("run", "t.py", code=125)
    assert "No space left" in result.err
    assert "hi" not in result.out
    (disk / "filling").unlink()
    line.run("run", "t.py")
    assert [run["number"] for run in line.json("runs", "list")["runs"]] == [1]


def test_a_disk_that_is_full_before_the_submission(line: CommandLine, disk: Path) -> None:
    line.write("t.py", "print('hi')\n")
    line.write("large", "x" * 1_000_000)
    line.run("run", "t.py")
    filling = fill(disk, 700_000)
    result = line.run("run", "t.py", code=125)
    assert "No space left" in result.err
    filling.unlink()
    newest, oldest = line.json("runs", "list")["runs"]
    assert (newest["status"], oldest["status"]) == ("Failed", "Completed")
    line.run("run", "t.py")


def test_a_disk_that_a_run_fills(line: CommandLine, disk: Path) -> None:
    line.write(
        "t.py",
        "try:\n    open('big', 'wb').write(bytes(10_000_000))\n"
        "except OSError as failure:\n    print(failure.strerror)\n    raise SystemExit(9)\n",
    )
    result = line.run("run", "t.py", code=9)
    line.await_nobody()
    assert "Failed" in result.out
    assert line.json("runs", "show")["exit_code"] == 9
    line.write("t.py", "print('hi')\n")
    line.run("run", "t.py")


def test_a_disk_that_is_full_at_the_collection(line: CommandLine, disk: Path) -> None:
    line.write("t.py", "open('outputs/big', 'wb').write(bytes(3_500_000))\n")
    result = line.run("run", "t.py", code=125)
    assert "outputs could not be kept" in result.out
    line.await_nobody()
    run = line.json("runs", "show")
    assert (run["status"], run["exit_code"]) == ("Failed", 0)
    assert (disk / "w" / "runs" / run["id"] / "work" / "outputs" / "big").exists()
