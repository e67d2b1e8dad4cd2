"""Several runs at once, of which some wait for their turn."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.abilities import Share
from amlplan.errors import ProviderError
from jobs_support import LIMIT, WAIT
from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from jobs_support import Runs

ONE = Share("here", 1)


def start(runs: Runs, count: int, code: str = WAIT, **values: Any) -> list[int]:
    """Submit runs one after the other; their numbers."""
    values = {"share": ONE, **values}
    return [int(runs.start(code, **values).name[1:]) for _ in range(count)]


def statuses(runs: Runs, number: int) -> list[str]:
    path = runs.folder(number) / "events/supervisor.jsonl"
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [event["status"] for event in events if event["type"] == "status"]


def place(runs: Runs, number: int) -> int | None:
    return runs.jobs.place_in_queue(f"r{number}", runs.folder(number))


def cancel(runs: Runs, number: int) -> None:
    runs.jobs.cancel(f"r{number}", runs.folder(number))


def supervisor(runs: Runs, number: int) -> int:
    return int(json.loads((runs.folder(number) / "supervisor.json").read_text())["mark"][0])


def await_status(runs: Runs, number: int, status: str) -> None:
    assert wait_until(lambda: statuses(runs, number)[-1] == status, LIMIT), statuses(runs, number)


def test_runs_wait_for_their_turn_in_order(runs: Runs) -> None:
    first, second, third = start(runs, 3)
    assert statuses(runs, first) == ["Running"]
    assert statuses(runs, second) == statuses(runs, third) == ["Queued"]
    assert [place(runs, number) for number in (first, second, third)] == [None, 1, 2]
    assert runs.jobs.pull("r3", runs.folder(third)) == "running"
    cancel(runs, first)
    await_status(runs, second, "Running")
    assert statuses(runs, third) == ["Queued"]
    assert wait_until(lambda: place(runs, third) == 1, LIMIT)
    cancel(runs, second)
    await_status(runs, third, "Running")
    for number in (first, second):
        await_status(runs, number, "Canceled")


def test_many_short_runs_all_come_to_their_turn_one_at_a_time(runs: Runs) -> None:
    busy = json.dumps(str(runs.base / "busy"))
    code = f"import os, time; os.mkdir({busy}); time.sleep(0.02); os.rmdir({busy})"
    numbers = start(runs, 8, code)
    for number in numbers:
        await_status(runs, number, "Completed")


def test_a_queued_run_is_canceled_at_once(runs: Runs) -> None:
    _, second, third = start(runs, 3)
    cancel(runs, second)
    await_status(runs, second, "Canceled")
    assert statuses(runs, second) == ["Queued", "Canceled"]
    assert not (runs.folder(second) / "work").exists()
    assert not (runs.folder(second) / "work/outputs/ready").exists()
    assert wait_until(lambda: place(runs, third) == 1, LIMIT)


def test_a_killed_supervisor_gives_its_slot_to_the_next(runs: Runs) -> None:
    first, second, third = start(runs, 3)
    os.kill(supervisor(runs, second), signal.SIGKILL)
    os.kill(supervisor(runs, first), signal.SIGKILL)
    await_status(runs, third, "Running")
    for number in (first, second):
        assert wait_until(lambda number=number: not is_running(supervisor(runs, number)))  # type: ignore[misc]
        runs.jobs.finish_lost(f"r{number}", runs.folder(number), runs.store)
        assert runs.jobs.pull(f"r{number}", runs.folder(number)) == "ended"


def test_a_stopped_supervisor_in_the_queue_does_not_hold_it_up_for_ever(runs: Runs) -> None:
    first, second, third = start(runs, 3)
    os.kill(supervisor(runs, second), signal.SIGSTOP)
    cancel(runs, second)  # which wakes it
    await_status(runs, second, "Canceled")
    cancel(runs, first)
    await_status(runs, third, "Running")


def test_the_time_in_the_queue_does_not_count(runs: Runs) -> None:
    (first,) = start(runs, 1)
    (second,) = start(runs, 1, max_duration=1.0)
    assert not wait_until(lambda: statuses(runs, second) != ["Queued"], 1.2)
    cancel(runs, first)
    await_status(runs, second, "Failed")
    (running,) = (event for event in runs.events("supervisor") if event["status"] == "Running")
    assert runs.last()["reason"] == "took longer than max_run_duration, 1 s"
    assert runs.last()["t"] - running["t"] > 0.9


def test_graphics_processors_are_told_to_the_script(runs: Runs) -> None:
    code = "import os; open('outputs/gpus', 'w').write(os.environ['CUDA_VISIBLE_DEVICES']); " + WAIT
    one, two, three = (
        start(runs, 1, code, share=Share("here", None, count, 2))[0] for count in (1, 1, 2)
    )
    assert statuses(runs, three) == ["Queued"]
    found = []
    for number in (one, two):
        assert wait_until((runs.folder(number) / "work/outputs/ready").exists, LIMIT)
        found.append((runs.folder(number) / "work/outputs/gpus").read_text())
        cancel(runs, number)
    assert found == ["0", "1"]
    assert wait_until((runs.folder(three) / "work/outputs/ready").exists, LIMIT)
    assert (runs.folder(three) / "work/outputs/gpus").read_text() == "0,1"


def test_a_queue_that_cannot_be_used_is_told(runs: Runs) -> None:
    (runs.base / "cache").mkdir()
    (runs.base / "cache/queue").write_text("in the way")
    runs.prepare()
    with pytest.raises(ProviderError, match="queue"):
        runs.jobs.submit(runs.job("true", share=ONE))
    assert runs.state() == "unknown"
