"""Streams of commands that are killed, interrupted, refused, or that nobody reads."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World

from published_schemas import lines, of_type, validator
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.project import Project

MANY = "".join(f'bench "thing" "t{number}" {{}}\n' for number in range(200))
SLOW = 'bench "thing" "slow" {\n  seconds = 60\n}\nbench "thing" "quick" {}\n'


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        project.command(*arguments),
        cwd=project.root,
        env=project.process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def expect_soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def shell(project: Project, line: str) -> subprocess.CompletedProcess[str]:
    command = " ".join(project.command())
    return subprocess.run(
        ["bash", "-c", line.replace("$amlplan", command)],
        cwd=project.root,
        env=project.process_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_lines_from_many_threads_are_whole(project: Project) -> None:
    project.hcl(MANY)
    with start(project, "apply", "-auto-approve", "-json", "-parallelism=50") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert len(of_type(lines(out), "apply_complete")) == 200


@pytest.mark.parametrize("number", [10, 60, 150])
def test_a_killed_apply_leaves_whole_lines(project: Project, number: int) -> None:
    project.hcl(MANY)
    file = project.root / "it.ndjson"
    arguments = ("apply", "-auto-approve", "-json", "-json-into=it.ndjson", "-parallelism=4")
    with start(project, *arguments) as process:
        assert process.stdout is not None
        seen: list[str] = []
        while sum('"apply_complete"' in line for line in seen) < number:
            seen.append(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()  # communicate would not know what was read ahead
    printed = lines("".join(seen) + rest)
    written = lines(file.read_text())
    # The file gets each line first, and each thread may be a line ahead there.
    assert 0 <= len(written) - len(printed) <= 5
    assert len(of_type(printed, "change_summary")) == 1
    project.run("apply", "-auto-approve", "-json")
    assert len(World(project.world).objects()) == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_says_so(project: Project, number: signal.Signals) -> None:
    project.hcl(SLOW)
    world = World(project.world)
    with start(project, "apply", "-auto-approve", "-json") as process:
        expect_soon(lambda: len(world.notes()) == 1)  # the quick one
        time.sleep(0.2)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, "")
    found = lines(out)
    assert [line for line in of_type(found, "log") if "Stopping" in line["@message"]]
    *_, last = of_type(found, "change_summary")
    assert last["changes"]["add"] == 1
    assert "incomplete" in last["@message"]
    codes = [line["diagnostic"]["code"] for line in of_type(found, "diagnostic")]
    assert codes == ["canceled"]


def test_an_interrupt_while_planning(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  options = { x = command_secret(["sleep", "50"]) }\n}\n')
    with start(project, "plan", "-json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        rest, err = process.stdout.read(), process.stderr.read()
    assert (process.returncode, err) == (130, "")
    [told] = of_type(lines(first + rest), "diagnostic")
    assert told["diagnostic"]["code"] == "canceled"


def refused(project: Project, code: int, *arguments: str) -> dict[str, Any]:
    """The one diagnostic of a command that ends with a code."""
    result = project.run(*arguments, "-json", "-json-into=it.ndjson", code=code)
    assert not result.err
    assert len(lines(result.out)) == len(lines((project.root / "it.ndjson").read_text()))
    [told] = of_type(lines(result.out), "diagnostic")
    found: dict[str, Any] = told["diagnostic"]
    return found


def test_mistakes_and_failures_are_lines(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  valeu = 1\n}\n')
    told = refused(project, 10, "plan")
    assert (told["code"], told["address"]) == ("unsupported_argument", "bench.a")
    assert told["range"]["start"] == {"line": 2, "column": 3, "byte": 22}
    assert told["snippet"]["code"] == "  valeu = 1"
    assert refused(project, 10, "apply", "-auto-approve")["code"] == "unsupported_argument"
    project.hcl('bench "thing" "a" {}\n')
    assert refused(project, 1, "apply")["summary"] == "Approval is needed"
    assert refused(project, 1, "destroy")["summary"] == "Approval is needed"
    assert refused(project, 1, "apply", "no.plan")["code"] == "plan_failed"
    project.run("plan", "-out=it.plan")
    project.hcl('bench "thing" "b" {}\n')
    assert refused(project, 16, "apply", "it.plan")["code"] == "stale_plan"
    project.run("apply", "-auto-approve")
    (project.root / "amlplan.state.json").write_text("")
    assert refused(project, 15, "plan")["code"] == "state_format"


def test_several_mistakes_are_several_lines(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  valeu = 1\n  steps = "x"\n}\n')
    result = project.run("plan", "-json", code=10)
    assert len(of_type(lines(result.out), "diagnostic")) == 2


def test_a_file_beside_the_text_has_the_failure_too(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  fail = "before"\n}\n')
    result = project.run("apply", "-auto-approve", "-json-into=it.ndjson", code=12)
    assert "Error: Told to fail" in result.err
    [told] = of_type(lines((project.root / "it.ndjson").read_text()), "diagnostic")
    assert told["diagnostic"]["address"] == "bench.a"


def test_a_defect_is_a_line_without_its_message(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("what may hold anything")

    monkeypatch.setattr("amlplan.cli.commands.plan.open_project", broken)
    with pytest.raises(RuntimeError):
        project.run("plan", "-json-into=it.ndjson")
    [told] = of_type(lines((project.root / "it.ndjson").read_text()), "diagnostic")
    assert told["diagnostic"]["summary"] == "Unexpected failure"
    assert "anything" not in json.dumps(told)


@pytest.mark.parametrize("place", ["nowhere/it.ndjson", ".", "/dev/full"])
def test_a_file_that_cannot_be_written(project: Project, place: str) -> None:
    if place == "/dev/full" and not Path(place).exists():
        pytest.skip("there is no /dev/full here")
    project.hcl('bench "thing" "a" {}\n')
    done = shell(project, f"$amlplan apply -auto-approve -json-into={place}")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The output cannot be written")
    assert not done.stdout
    assert not project.world.exists()


def test_a_file_that_becomes_full_is_cut_at_a_line(project: Project, tmp_path: Path) -> None:
    text = "".join(f'bench "thing" "t{number}" {{\n  steps = 1\n}}\n' for number in range(60))
    project.hcl(text)
    with small_disk(tmp_path / "disk", "48k") as disk:
        file = disk / "it.ndjson"
        project.run("plan", "-out=it.plan")
        result = project.run("apply", "it.plan", f"-json-into={file}")
        assert "is incomplete, since it took no more: No space left on device." in result.err
        found = lines(file.read_text())
    assert len(of_type(found, "apply_complete")) < 60
    assert len(World(project.world).objects()) == 60
    assert "Apply complete! Resources: 60 added" in result.out


def test_what_nobody_reads_is_not_done_unless_it_was_approved(project: Project) -> None:
    project.hcl(MANY)
    done = shell(project, "$amlplan apply -auto-approve -json > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The output cannot be written")
    assert not project.world.exists()
    project.run("plan", "-out=it.plan")
    done = shell(project, "$amlplan apply -json it.plan | head -1")
    validator("stream").validate(json.loads(done.stdout))
    assert "Traceback" not in done.stderr
    assert len(World(project.world).objects()) == 200


def test_a_file_is_complete_although_nobody_reads_the_text(project: Project) -> None:
    project.hcl(MANY)
    project.run("plan", "-out=it.plan")
    shell(project, "$amlplan apply it.plan -json-into=it.ndjson | head -1")
    found = lines((project.root / "it.ndjson").read_text())
    *_, last = of_type(found, "change_summary")
    assert last["changes"]["add"] == 200


def test_text_in_any_encoding_is_utf_8(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  value = "é€ 漢"\n}\noutput "x" {\n  value = "é"\n}\n')
    done = shell(project, "PYTHONIOENCODING=ascii LC_ALL=C $amlplan apply -auto-approve -json")
    assert done.returncode == 0, done.stderr
    assert '"é"' in done.stdout
    assert lines(done.stdout)


def test_jq_and_its_like_read_it(project: Project) -> None:
    project.hcl(MANY)
    sums = "import json, sys; print(sum('hook' in json.loads(line) for line in sys.stdin))"
    done = shell(project, f'$amlplan apply -auto-approve -json | python3 -c "{sums}"')
    assert done.stdout == "400\n"
