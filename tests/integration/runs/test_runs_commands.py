"""`amlplan runs` and `amlplan history`, while runs go on and after; and destroy beside them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from command_line import WAIT

if TYPE_CHECKING:
    from command_line import CommandLine

SUMMARY = {
    "id",
    "number",
    "history",
    "name",
    "status",
    "created",
    "started",
    "ended",
    "exit_code",
    "reason",
    "parent",
    "by",
    "host",
    "duration",
}
DETAIL = {
    "format_version",
    "workspace",
    "definition",
    "statuses",
    "metrics",
    "tags",
    "properties",
    "parameters",
    "outputs",
    "left_out",
    "children",
    "errors",
}


def test_runs_are_listed_while_others_go_on(line: CommandLine) -> None:
    line.write("done.py", "import amlplan_run\namlplan_run.log('x', 1)\n")
    line.write("wait.py", WAIT)
    line.write("bad.py", "raise SystemExit(3)\n")
    line.run("run", "done.py")
    line.run("run", "bad.py", code=3)
    line.run("run", "-detach", "wait.py")
    folder = line.await_ready()
    listed = line.json("runs", "list")
    assert listed["format_version"] == "1.0"
    assert all(set(run) == SUMMARY for run in listed["runs"])
    assert [(run["name"], run["status"]) for run in listed["runs"]] == [
        ("wait.py", "Running"),
        ("bad.py", "Failed"),
        ("done.py", "Completed"),
    ]
    running = listed["runs"][0]
    assert (running["ended"], running["exit_code"], running["duration"]) == (None, None, None)
    text = line.run("runs", "list").out.splitlines()
    assert text[0].split() == ["NUMBER", "HISTORY", "NAME", "STATUS", "STARTED", "TOOK", "ID"]
    assert len(text) == 4
    found = [
        line.json("runs", "list", *words)["runs"]
        for words in (["-limit=1"], ["-status=Failed"], ["-history=done"], ["-history=none"])
    ]
    assert [[run["name"] for run in runs] for runs in found] == [
        ["wait.py"],
        ["bad.py"],
        ["done.py"],
        [],
    ]
    assert line.json("history", "list") == {
        "format_version": "1.0",
        "histories": {"bad": 1, "done": 1, "wait": 1},
    }
    line.run("runs", "cancel", folder.name)


def test_a_run_is_shown_in_full(line: CommandLine) -> None:
    line.write(
        "t.py",
        "import amlplan_run\n"
        "for step in range(3): amlplan_run.log('loss', 3 - step, step=step)\n"
        "amlplan_run.tag('kind', 'svm')\n"
        "amlplan_run.add_properties({'seed': 7})\n"
        "with amlplan_run.child_run('fold 1'): amlplan_run.log('loss', 9)\n"
        "open('outputs/model', 'w').write('abc')\n"
        "import os; os.mkfifo('outputs/pipe')\n",
    )
    line.run("run", "-p", "alpha=1", "t.py")
    shown = line.json("runs", "show")
    assert set(shown) == SUMMARY | DETAIL
    assert shown["metrics"]["loss"] == {"value": 1, "step": 2, "count": 3, "min": 1, "max": 3}
    assert (shown["tags"], shown["properties"]) == ({"kind": "svm"}, {"seed": "7"})
    assert shown["outputs"]["outputs/model"]["size"] == 3
    assert set(shown["left_out"]) == {"outputs/pipe"}
    assert shown["parameters"] == {"alpha": "1"}
    assert [child["name"] for child in shown["children"]] == ["fold 1"]
    text = line.run("runs", "show").out
    for words in ("alpha  1", "loss  1  (3 values, 1 to 3)", "kind  svm", "seed  7", "fold 1"):
        assert words in text
    child = shown["children"][0]["id"]
    assert line.json("runs", "show", child)["parent"] == shown["id"]
    result = line.run("runs", "cancel", child)
    assert "has ended already" in result.out


def test_downloads_are_what_the_run_gave(line: CommandLine) -> None:
    line.write(
        "t.py",
        "import os\nos.mkdir('outputs/deep')\n"
        "open('outputs/deep/a', 'w').write('1')\nopen('logs/l', 'w').write('2')\n",
    )
    line.run("run", "t.py")
    run_id = line.last().summary.id
    result = line.run("runs", "download")
    assert "2 files (2 B) of run 1 of t" in result.out
    assert (line.root / run_id / "outputs/deep/a").read_text() == "1"
    line.run("runs", "download", "1", "-to=there", "-path=outputs/")
    result = line.run("runs", "download", "1", "-to=one", "-path=logs")
    assert "1 file (" in result.out
    assert (line.root / "there/outputs/deep/a").read_text() == "1"
    assert not (line.root / "there/logs").exists()


def test_a_run_is_canceled_by_another_command(line: CommandLine) -> None:
    line.write("t.py", "print('up', flush=True)\n" + WAIT)
    process = line.start("run", "t.py")
    folder = line.await_ready()
    assert "Canceled" in line.run("runs", "cancel", "latest").out
    result = line.end(process)
    assert result.code == 143
    assert "Canceled" in result.out
    line.await_nobody()
    assert "has ended already" in line.run("runs", "cancel", folder.name).out
    assert line.run("runs", "logs").out == "up\n"
    assert line.run("runs", "logs", "-follow", code=143).out == "up\n"


def test_following_a_log_can_be_left(line: CommandLine) -> None:
    line.write("t.py", "print('up', flush=True)\n" + WAIT)
    line.run("run", "-detach", "t.py")
    folder = line.await_ready()
    following = line.start("runs", "logs", "-follow")
    assert following.stdout is not None
    assert following.stdout.readline() == "up\n"
    following.send_signal(signal.SIGINT)
    assert line.end(following).code == 130
    assert line.json("runs", "show")["status"] == "Running"
    line.run("runs", "cancel", folder.name)


def test_children_can_be_named_for_logs(line: CommandLine) -> None:
    line.write(
        "t.py",
        "import amlplan_run\nprint('up', flush=True)\n"
        "amlplan_run.child_run('a').child_run('b')\n" + WAIT,
    )
    line.run("run", "-detach", "t.py")
    folder = line.await_ready()
    inner = f"{folder.name}.1.1"
    assert line.run("runs", "logs", inner).out == "up\n"
    result = line.run("runs", "cancel", inner, code=1)
    assert f"belongs to {folder.name}." in result.err
    following = line.start("runs", "logs", inner, "-follow")
    line.run("runs", "cancel", folder.name)
    assert line.end(following).out == "up\n"


def test_a_history_is_made_again_while_a_run_goes_on(line: CommandLine) -> None:
    gate = line.base / "gate"
    line.write(
        "t.py",
        "import amlplan_run, os, time\n"
        "for n in range(50): amlplan_run.log('x', n)\n"
        "open('outputs/ready', 'w').close()\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)\n"
        "for n in range(50): amlplan_run.log('x', n)\n",
    )
    process = line.start("run", "t.py")
    line.await_ready()
    assert "events taken in, 0 lines skipped" in line.run("history", "rebuild").out
    assert line.json("runs", "show")["metrics"]["x"]["count"] == 50
    gate.touch()
    assert line.end(process).code == 0
    assert line.json("runs", "show")["metrics"]["x"]["count"] == 100


def test_a_target_with_active_runs_is_not_destroyed(line: CommandLine) -> None:
    line.configure('run_config "t" {\n  script = "t.py"\n  target = compute.here\n}\n')
    line.write("t.py", WAIT)
    line.run("run", "-detach", "t")
    folder = line.await_ready()
    result = line.run("destroy", "-auto-approve", code=12)
    assert "Runs are active" in result.err
    assert folder.name in result.err
    assert line.json("runs", "show")["status"] == "Running"
    line.run("runs", "cancel", folder.name)
    line.run("destroy", "-auto-approve")


def test_a_workspace_with_active_runs_is_not_destroyed(line: CommandLine) -> None:
    """Also where no target is known to run them: they would go on where nobody finds them."""
    line.configure()
    line.write("t.py", WAIT)
    line.run("run", "-detach", "t.py")
    first = line.await_ready()
    line.run("run", "-detach", "t.py")
    second = next(folder for folder in line.folders() if folder != first)
    result = line.run("destroy", "-auto-approve", code=12)
    words = " ".join(result.err.split())
    assert f"{first.name}, {second.name} are running in workspace.main" in words
    assert f"amlplan runs cancel {first.name}" in words
    assert [run["status"] for run in line.json("runs", "list")["runs"]] == ["Running", "Running"]
    line.run("runs", "cancel", first.name)
    result = line.run("destroy", "-auto-approve", code=12)
    assert f"{second.name} is running in workspace.main" in " ".join(result.err.split())
    line.run("runs", "cancel", second.name)
    line.run("destroy", "-auto-approve")


def test_a_run_that_was_lost_keeps_no_target(line: CommandLine) -> None:
    line.configure('run_config "t" {\n  script = "t.py"\n  target = compute.here\n}\n')
    line.write("t.py", WAIT)
    line.run("run", "-detach", "t")
    folder = line.await_ready()
    os.kill(line.supervisor(folder), signal.SIGKILL)
    line.await_nobody()
    line.run("destroy", "-auto-approve")
    assert (folder / "log.txt").exists()


def test_a_run_on_no_target_keeps_none(line: CommandLine) -> None:
    line.configure()
    line.write("t.py", WAIT)
    line.run("run", "-detach", "t.py")
    folder = line.await_ready()
    line.project.hcl('workspace "main" {}\n')
    line.run("apply", "-auto-approve")
    line.run("runs", "cancel", folder.name)
