from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from amlplan.abilities import Job, Share
from amlplan_local.shares import Waiting, needs_of
from amlplan_local.turns import Needs, Turn, place_of

HOLDER = (
    "import sys; from pathlib import Path; from amlplan_local.turns import Needs, Turn\n"
    "turn = Turn(Path(sys.argv[1]), Needs('here', 1)); assert turn.enter()\n"
    "if sys.argv[2] == 'take': assert turn.take()\n"
    "print('ready', flush=True); input()\n"
)


def entered(folder: Path, needs: Needs) -> Turn:
    turn = Turn(folder, needs)
    assert turn.enter()
    return turn


def test_as_many_run_as_a_target_takes_in_their_order(tmp_path: Path) -> None:
    turns = [entered(tmp_path, Needs("here", 2)) for _ in range(5)]
    assert [place_of(tmp_path, turn.name) for turn in turns] == [1, 2, 3, 4, 5]
    assert not turns[4].take(), "two slots are free, and four came before"
    assert turns[1].take()
    assert turns[0].take()
    assert [turn.take() for turn in turns[2:]] == [False, False, False]
    assert [place_of(tmp_path, turn.name) for turn in turns] == [None, None, 1, 2, 3]
    turns[0].end()
    assert [turn.take() for turn in (turns[4], turns[3], turns[2])] == [False, False, True]
    turns[1].end()
    turns[3].end()
    assert turns[4].take(), "who left the queue is not waited for"


def test_targets_do_not_wait_for_each_other(tmp_path: Path) -> None:
    here, there = Needs("here", 1), Needs("there", 1)
    assert entered(tmp_path, here).take()
    waiting = entered(tmp_path, here)
    assert not waiting.take()
    turn = entered(tmp_path, there)
    assert place_of(tmp_path, turn.name) == 1
    assert turn.take()


def test_a_limit_that_became_lower_counts_all_that_run(tmp_path: Path) -> None:
    running = [entered(tmp_path, Needs("here", 3)) for _ in range(3)]
    assert all(turn.take() for turn in running)
    turn = entered(tmp_path, Needs("here", 1))
    for one in running[:2]:
        one.end()
    assert not turn.take()
    running[2].end()
    assert turn.take()


def test_graphics_processors_belong_to_one_run(tmp_path: Path) -> None:
    devices = ("0", "1", "2", "3")
    one, two, many, last = (
        entered(tmp_path, Needs(f"t{number}", None, number, devices)) for number in (1, 2, 3, 1)
    )
    assert one.take()
    assert two.take()
    assert (one.devices, two.devices) == (("0",), ("1", "2"))
    assert not many.take()
    assert not last.take(), "the one is kept for who came before"
    two.end()
    assert not last.take()
    assert many.take()
    assert many.devices == ("1", "2", "3")
    one.end()
    assert last.take()
    assert last.devices == ("0",)


def test_who_waits_for_one_thing_holds_no_other(tmp_path: Path) -> None:
    both = Needs("here", 1, 1, ("0",))
    assert entered(tmp_path, Needs("", None, 1, ("0",))).take()
    assert not entered(tmp_path, both).take()
    assert entered(tmp_path, Needs("there", 1)).take()


@pytest.mark.parametrize("held", ["take", "wait"])
def test_a_killed_process_leaves_nothing_taken(tmp_path: Path, held: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), held],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"ready\n"
    turn = entered(tmp_path, Needs("here", 1))
    assert not turn.take()
    assert place_of(tmp_path, turn.name) == (1 if held == "take" else 2)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert place_of(tmp_path, turn.name) == 1
    assert turn.take()
    assert list((tmp_path / "tickets").iterdir()) == []


def test_a_queue_that_is_held_is_not_waited_for(tmp_path: Path) -> None:
    import fcntl

    turn = entered(tmp_path, Needs("here", 1))
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not turn.take()
        assert not Turn(tmp_path, Needs("here", 1)).enter()
    assert turn.take()


def test_who_waits_in_a_queue_that_is_removed_goes_on(tmp_path: Path) -> None:
    needs = Needs("here", 1)
    assert entered(tmp_path / "queue", needs).take()
    waiting = Waiting({"needs": asdict(needs), "queue": str(tmp_path / "queue")}, tmp_path)
    assert not waiting.begin()
    shutil.rmtree(tmp_path / "queue")
    wakes, wake = os.pipe()
    try:
        assert waiting.go_on(wakes, lambda: False)
    finally:
        os.close(wakes)
        os.close(wake)
    assert not entered(tmp_path / "queue", needs).take()
    waiting.end()


def test_a_ticket_that_was_removed_has_no_place(tmp_path: Path) -> None:
    turn = entered(tmp_path, Needs("here", 1))
    (tmp_path / "tickets" / turn.name).unlink()
    assert place_of(tmp_path, turn.name) is None
    assert turn.take()


@pytest.mark.parametrize(
    ("share", "variables", "visible", "needs"),
    [
        (Share(), {}, None, Needs()),
        (Share("here", 2), {}, None, Needs("here", 2)),
        (Share("here", None, 1, 2), {}, None, Needs("here", None, 1, ("0", "1"))),
        (Share("here", None, 0, 2), {}, None, Needs("here")),
        (Share("here", None, 1, 0), {}, None, Needs("here")),
        (Share("here", None, 1, 8), {}, "3, GPU-1,-1", Needs("here", None, 1, ("3", "GPU-1"))),
        (Share("here", None, 1, 8), {"CUDA_VISIBLE_DEVICES": "7"}, None, Needs("here")),
    ],
)
def test_what_a_job_needs(
    share: Share, variables: dict[str, str], visible: str | None, needs: Needs
) -> None:
    job = Job("r1", Path(os.devnull), Path(os.devnull), ("true",), variables, share=share)
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert needs_of(job, environment) == needs


def test_more_than_a_user_may_see_is_refused() -> None:
    job = Job("r1", Path(os.devnull), Path(os.devnull), ("true",), share=Share("here", None, 2, 4))
    with pytest.raises(ValueError, match="asks for 2 GPUs, and CUDA_VISIBLE_DEVICES leaves it 1"):
        needs_of(job, {"CUDA_VISIBLE_DEVICES": "2"})
