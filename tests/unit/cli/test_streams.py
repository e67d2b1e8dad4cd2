"""Readers that go away, disks that are full, streams that are closed, narrow encodings."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

if TYPE_CHECKING:
    from harness.project import Project

MANY = "".join(f'bench "thing" "t{number}" {{}}\n' for number in range(300))


def shell(project: Project, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `$amlplan` is the command."""
    command = " ".join(project.command())
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line.replace('$amlplan', command)}"],
        cwd=project.root,
        env={**project.process_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_pipe_that_is_closed_early(project: Project) -> None:
    project.hcl(MANY)
    done = shell(project, "$amlplan plan | head -1")
    assert done.stdout == "amlplan will perform these actions:\n"
    assert not done.stderr


def test_an_apply_goes_on_when_nobody_reads_any_more(project: Project) -> None:
    project.hcl(MANY)
    project.run("plan", "-out=it.plan")
    done = shell(project, "$amlplan apply it.plan | head -1")
    assert "Creating..." in done.stdout
    assert "Traceback" not in done.stderr
    assert len(World(project.world).objects()) == 300
    assert "No changes." in project.run("plan").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_the_output(project: Project) -> None:
    project.hcl(MANY)
    done = shell(project, "$amlplan plan > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The output cannot be written")
    assert "Traceback" not in done.stderr
    done = shell(project, "$amlplan apply -auto-approve > /dev/full")
    assert done.returncode == 1
    # What cannot be shown is not done.
    assert not project.world.exists()
    project.run("plan", "-out=it.plan")
    shell(project, "$amlplan apply it.plan > /dev/full")
    assert len(World(project.world).objects()) == 300


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(project: Project, closed: str) -> None:
    project.hcl('bench "thing" "a" {}\n')
    assert shell(project, f"$amlplan plan {closed}").returncode == 0
    done = shell(project, f"$amlplan version {closed}")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_an_encoding_without_our_characters(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  value = "é€ 漢"\n}\noutput "x" {\n  value = "é"\n}\n')
    done = shell(project, "$amlplan plan", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert '"\\xe9\\u20ac \\u6f22"' in done.stdout
    done = shell(project, "$amlplan apply -auto-approve", LC_ALL="C", LANG="C")
    assert done.returncode == 0, done.stderr


def test_a_log_level_that_is_none(project: Project) -> None:
    project.hcl('bench "thing" "a" {}\n')
    for level in ("BASIC_FORMAT", "nonsense", "", "debug", "ERROR"):
        project.environment["AMLPLAN_LOG"] = level
        assert project.run("plan").code == 0


def test_nothing_is_written_to_the_error_stream_without_an_error(project: Project) -> None:
    project.hcl(MANY)
    for command in (["plan"], ["apply", "-auto-approve"], ["drift"], ["show"], ["state", "list"]):
        assert not project.run(*command).err


def test_the_log_tells_where_a_provider_failed_without_its_message(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  fail = "crash before"\n}\n')
    done = shell(project, "$amlplan apply -auto-approve", AMLPLAN_LOG="debug")
    assert done.returncode == 12
    assert "amlplan_bench/thing.py" in done.stderr
    assert "RuntimeError" in done.stderr
    assert "a defect that" not in done.stderr.replace('raise RuntimeError("a defect that', "")
