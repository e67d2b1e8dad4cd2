"""`amlplan run FILE`: a script as it is, from start to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from command_line import PYTHON, WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine


ARGUMENTS = "import sys\nprint(sys.argv[1:])\n"


def test_a_script_runs_in_a_folder_without_configuration(line: CommandLine) -> None:
    script = (
        "import sys, amlplan_run\n"
        "print('hello', sys.executable)\n"
        "print('complaint', file=sys.stderr)\n"
        "amlplan_run.log('accuracy', 0.5)\n"
        "open('outputs/model', 'w').write('m')\n"
    )
    line.write("train.py", script)
    result = line.run("run", "train.py")
    run = line.last()
    summary = run.summary
    assert f"run 1 of train (train.py) as {summary.id}\n" in result.out
    assert "hello " in result.out
    assert "complaint\n" in result.out
    assert "accuracy = 0.5" in result.out
    assert result.out.rstrip().endswith("1 output kept")
    assert (summary.status, summary.exit_code, summary.number) == ("Completed", 0, 1)
    assert run.definition["program"][1:] == ["train.py"]
    assert list(run.outputs) == ["outputs/model"]
    assert [change.status for change in run.statuses] == ["Running", "Finalizing", "Completed"]
    line.await_nobody()
    assert not (line.folders()[0] / "work").exists()
    assert not (line.root / "outputs").exists()


def test_a_configuration_that_was_never_applied_is_no_hindrance(line: CommandLine) -> None:
    line.configure(apply=False)
    line.write("train.py", "print('hi')\n")
    result = line.run("run", "train.py")
    assert "Note: No workspace is applied here" in result.out
    (listed,) = line.json("runs", "list")["runs"]
    assert listed["status"] == "Completed"


def test_a_script_goes_into_the_workspace_that_is_applied(line: CommandLine) -> None:
    line.configure()
    line.write("train.py", "print('hi')\n")
    result = line.run("run", "train.py")
    assert "Note" not in result.all
    assert line.last().workspace == "main"


def test_one_of_several_workspaces_is_not_guessed(line: CommandLine) -> None:
    line.project.hcl('workspace "one" {}\nworkspace "two" {}\n')
    line.project.run("apply", "-auto-approve")
    line.write("train.py", "print('hi')\n")
    result = line.run("run", "train.py", code=125)
    assert "applied here: one, two" in result.err
    assert not line.folders()


@pytest.mark.parametrize("name", ["jobs/train.py", "./jobs/train.py", "jobs/../jobs/train.py", ""])
def test_a_script_in_a_folder_below(line: CommandLine, name: str) -> None:
    path = line.write("jobs/train.py", "import os, sys\nprint(sys.argv[0], os.listdir())\n")
    line.write("data.txt", "")
    result = line.run("run", name or str(path))
    assert "jobs/train.py [" in result.out
    assert "'data.txt'" in result.out


def test_a_script_elsewhere_is_refused(line: CommandLine) -> None:
    (line.root.parent / "train.py").write_text("print('hi')\n")
    assert "-chdir" in line.run("run", "../train.py", code=125).err
    assert not line.data.exists()


def test_what_stands_on_the_command_line_reaches_the_script(line: CommandLine) -> None:
    line.write("train.py", ARGUMENTS)
    words = ["run", "-p", "alpha=0.1", "train.py", "-history=h", "-p=text=a = b", "one"]
    result = line.run(*words, "--", "-x", "--history", "two words")
    told = ["one", "-x", "--history", "two words", "--alpha", "0.1", "--text", "a = b"]
    assert f"{told}\n" in result.out
    run = line.last()
    assert run.summary.history == "h"
    assert run.definition["parameters"] == {"alpha": "0.1", "text": "a = b"}


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("sys.exit(3)", 3),
        ("sys.exit(125)", 125),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 139),
        ("raise ValueError('no')", 1),
    ],
)
def test_the_exit_code_is_the_scripts(line: CommandLine, ending: str, code: int) -> None:
    line.write("train.py", f"import os, signal, sys\n{ending}\n")
    result = line.run("run", "train.py", code=code)
    assert line.last().summary.exit_code == code
    assert "Failed" in result.out


def test_json_is_all_that_is_on_standard_output(line: CommandLine) -> None:
    script = (
        "import amlplan_run, sys\n"
        "for value in (1.5, float('nan'), float('inf'), True, 'text', 10**30):\n"
        "    amlplan_run.log(f'm{value}', value)\n"
        "    amlplan_run.log('series', float('-inf'))\n"
        "amlplan_run.tag('t', 'v')\n"
        "print('log')\n"
        "sys.exit(2)\n"
    )
    line.write("train.py", script)
    result = line.run("run", "-json", "train.py", code=2)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    run = json.loads(result.out, parse_constant=refuse)
    assert (run["status"], run["exit_code"], run["tags"]) == ("Failed", 2, {"t": "v"})
    assert run["metrics"]["mnan"]["value"] == "NaN"
    assert run["metrics"]["series"]["min"] == "-Infinity"
    assert run["metrics"]["m1.5"] == {
        "value": 1.5,
        "step": None,
        "count": 1,
        "min": 1.5,
        "max": 1.5,
    }
    assert "\nlog\n" in result.err


def test_output_without_an_end_of_line_gets_one(line: CommandLine) -> None:
    line.write("train.py", "import sys\nsys.stdout.write('100 %')\n")
    assert "\n100 %\nrun 1 of train: Completed" in line.run("run", "train.py").out


def test_output_that_is_no_text_passes_as_it_is(line: CommandLine) -> None:
    line.write("train.py", "import sys\nsys.stdout.buffer.write(b'\\xff\\x00\\n')\n")
    assert "\n\udcff\0\n" in line.run("run", "train.py").out


def test_detached_it_goes_on_by_itself(line: CommandLine, tmp_path: Path) -> None:
    told = tmp_path / "told"
    wait = f"import os, time\nwhile not os.path.exists({str(told)!r}): time.sleep(0.01)\n"
    line.write("train.py", f"print('begun')\n{wait}print('done')\n")
    result = line.run("run", "train.py", "-detach")
    run_id = line.last().summary.id
    assert f"amlplan runs logs {run_id} -follow" in result.out
    following = line.start("runs", "logs", run_id, "-follow")
    assert following.stdout is not None
    assert following.stdout.readline() == "begun\n"
    told.touch()
    assert line.end(following).out == "done\n"
    assert line.json("runs", "show")["status"] == "Completed"


def test_detached_json_is_the_record_so_far(line: CommandLine) -> None:
    line.write("train.py", WAIT)
    run = line.json("run", "-detach", "train.py")
    assert run["status"] in {"NotStarted", "Running"}
    line.run("runs", "cancel", run["id"])
    line.await_nobody()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_cancels_the_run(line: CommandLine, number: signal.Signals) -> None:
    line.write("train.py", "print('up')\n" + WAIT)
    process = line.start("run", "train.py")
    folder = line.await_ready()
    process.send_signal(number)
    result = line.end(process)
    assert result.code == 130
    assert "Canceled" in result.out
    assert line.last().summary.status == "Canceled"
    assert line.last().summary.exit_code == 143
    line.await_nobody()
    assert not (folder / "work").exists()


def test_two_interrupts_at_once_leave_nothing_running(line: CommandLine) -> None:
    line.write("train.py", WAIT)
    process = line.start("run", "train.py")
    line.await_ready()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert line.end(process).code == 130
    line.await_nobody()
    assert line.json("runs", "show")["status"] == "Canceled"


def test_a_script_that_floods_its_output_can_be_interrupted(line: CommandLine) -> None:
    line.write("train.py", "while True: print('x' * 10000)\n")
    process = line.start("run", "train.py")
    assert process.stdout is not None
    process.stdout.read(100_000)
    process.send_signal(signal.SIGINT)
    assert line.end(process).code == 130
    line.await_nobody()


def test_who_reads_no_more_does_not_end_the_run(line: CommandLine, tmp_path: Path) -> None:
    line.write("train.py", "for number in range(20000): print('line', number)\n")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "amlplan", "run", "train.py"],
        cwd=line.root,
        env=line.environment,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    os.read(reading, 10)
    os.close(reading)
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert line.last().summary.status == "Completed"


def test_a_slip_on_the_command_line_is_no_failure_of_a_script(line: CommandLine) -> None:
    for words in (["-p", "alpha"], ["-p", "=1"], ["-p"], ["-nonsense"], ["-detach=7"]):
        result = line.run("run", "train.py", *words, code=125)
        assert result.err.startswith("Error: ")


def test_the_python_on_the_path_is_used(line: CommandLine) -> None:
    line.write("train.py", "import sys, os\nprint(os.path.realpath(sys.executable))\n")
    assert os.path.realpath(PYTHON) in line.run("run", "train.py").out
    nowhere = str(line.base / "empty")
    result = line.run("run", "train.py", code=125, environment={"PATH": nowhere})
    assert "No Python on the PATH" in result.err
