"""Many processes use one history: nothing is lost, nothing is there twice, nothing is locked."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from history_support import content, ended, finish, history, line, make_run, worker, write

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = Path(__file__).resolve().parents[3] / "providers"
LOG = """
import sys, amlplan_run
for point in range(int(sys.argv[1])):
    amlplan_run.log("point", point, step=point)
"""


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended with the test, however it ends."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def script(events: Path, run: str, points: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOG, str(points)],
        env={
            "PYTHONPATH": str(PACKAGES),
            "AMLPLAN_RUN_ID": run,
            "AMLPLAN_RUN_EVENTS": str(events),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("database", "processes", "points"),
    [
        ("sqlite", 12, 300),
        ("postgresql", 8, 300),
        pytest.param("sqlite", 64, 10_000, marks=pytest.mark.slow),
        pytest.param("postgresql", 16, 5_000, marks=pytest.mark.slow),
    ],
)
def test_processes_that_log_while_others_take_in_and_read(
    database: str,
    processes: int,
    points: int,
    tmp_path: Path,
    started: list[subprocess.Popen[str]],
    request: pytest.FixtureRequest,
) -> None:
    if database == "postgresql":
        request.getfixturevalue("in_postgresql")
    store = history(tmp_path)
    workspace = tmp_path / "workspace"
    runs = [make_run(store).id for _ in range(processes // 2)]
    helpers = [worker(command, workspace) for command in ["sync_until_ended"] * 3]
    helpers.append(worker("read_until_ended", workspace))
    started += helpers
    for helper in helpers:
        assert helper.stdout is not None
        assert helper.stdout.readline() == "ready\n"
    scripts = [script(workspace / "runs" / run / "events", run, points) for run in runs * 2]
    started += scripts
    for process in scripts:
        assert ended(process) == ""
    for run in runs:
        finish(store, run)
    (workspace / "stop").touch()
    for helper in helpers:
        ended(helper)  # none of them saw an error, such as a locked database
    for run in runs:
        steps = [point.step for point in store.series(run, "point")]
        assert sorted(map(str, steps)) == sorted(map(str, [*range(points)] * 2))
        assert store.run(run).metrics["point"].count == 2 * points
    before = content(workspace)
    store.rebuild()
    assert content(workspace) == before


def test_numbers_stay_different_and_runs_in_view_while_others_rebuild(
    each_database: str, tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    count = 60 if each_database == "sqlite" else 10
    workspace = tmp_path / "workspace"
    history(tmp_path).sync()
    rebuilding = worker("rebuild_until_ended", workspace)
    creating = [worker("create", workspace, count) for _ in range(3)]
    started += [rebuilding, *creating]
    told = [line.split() for process in creating for line in ended(process).splitlines()]
    (workspace / "stop").touch()
    ended(rebuilding)
    assert sorted(int(number) for _, number in told) == list(range(1, 3 * count + 1))
    runs = history(tmp_path).runs()
    assert {(run.id, str(run.number)) for run in runs} == {(run, number) for run, number in told}


@pytest.mark.usefixtures("each_database")
def test_a_killed_creator_leaves_no_run_that_others_stumble_over(tmp_path: Path) -> None:
    chance = random.Random(5)
    numbers: list[int] = []
    workspace = tmp_path / "workspace"
    for _ in range(8):
        process = worker("create", workspace, 1000)
        assert process.stdout is not None
        told = [process.stdout.readline()]
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        told += process.communicate()[0].splitlines()
        numbers += [int(text.split()[1]) for text in told if text.count(" ") == 1]
    store = history(tmp_path)
    store.sync()
    found = [run.number for run in store.runs()]
    assert len(found) == len(set(found))
    assert set(numbers) <= set(found)
    before = content(workspace)
    store.rebuild()
    assert content(workspace) == before
    assert make_run(store).number not in found


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("command", ["sync", "rebuild"])
def test_an_ingester_killed_at_any_moment_loses_and_doubles_nothing(
    command: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    store = history(tmp_path)
    workspace = tmp_path / "workspace"
    run = make_run(store).id
    written = killed = 0
    for _ in range(10):
        lines = [
            line(number, "metric", float(number), name="a", value=number, step=number)
            for number in range(written, written + 3000)
        ]
        written += len(lines)
        write(workspace, run, f"f{written}", b"".join(lines))
        process = worker(command, workspace)
        time.sleep(chance.uniform(0.02, 0.2))
        killed += process.poll() is None
        process.kill()
        process.communicate()
        count = sum(metric.count for metric in store.run(run).metrics.values())
        assert count == len(store.series(run, "a"))
    assert killed
    store.sync(wait=True)
    assert [point.step for point in store.series(run, "a")] == list(range(written))
    before = content(workspace)
    store.rebuild()
    assert content(workspace) == before
    assert not [path for path in (workspace / "history").iterdir() if "new" in path.name]


@pytest.mark.usefixtures("each_database")
def test_while_one_takes_in_others_are_not_kept_waiting(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    lock = tmp_path / "workspace" / "history" / "ingest.lock"
    with subprocess.Popen(
        ["flock", str(lock), "sh", "-c", "echo held; cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        write(tmp_path / "workspace", run, "f", line(0, "metric", 1.0, name="a", value=1))
        assert store.sync().is_busy
        assert store.runs()
        store.append_control(run, {"type": "tag", "name": "a", "value": "b"})
        assert store.run(run).tags == {"a": "b"}
        with pytest.raises(Exception, match=r"held .*ingest\.lock for more than 0\.1 s"):
            store.sync(run, wait=True, timeout=0.1)
        holder.stdin.close()
        assert store.sync(run, wait=True).events == 1
