from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_local.endings import Ending, ending_of
from amlplan_local.guarded import CANCELED, TOO_LONG, UNGUARDED
from amlplan_local.memory import KillsForMemory

if TYPE_CHECKING:
    from pathlib import Path

TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n'


@pytest.mark.parametrize(
    ("code", "killed", "errors", "reason"),
    [
        (3, False, "", "exit code 3"),
        (3, False, "no MemoryError here", "exit code 3"),
        (1, False, f"{TRACEBACK}MemoryError\n\nother\nKeyError: 1", "exit code 1"),
        (137, False, "", "ended by signal 9 (SIGKILL)"),
        (137, True, "", "out of memory: the kernel killed it"),
        (1, False, f"{TRACEBACK}MemoryError", "out of memory: MemoryError, exit code 1"),
        (
            1,
            False,
            f"{TRACEBACK}numpy._core._exceptions._ArrayMemoryError: Unable to allocate 8 TiB",
            "out of memory: _ArrayMemoryError, exit code 1",
        ),
        (
            1,
            True,
            f"{TRACEBACK}torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
            "out of memory: OutOfMemoryError, exit code 1",
        ),
        (
            1,
            False,
            'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat A.main',
            "out of memory: java.lang.OutOfMemoryError, exit code 1",
        ),
        (
            134,
            False,
            "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  it",
            "out of memory: std::bad_alloc, exit code 134",
        ),
        (1, False, "Out of memory!", "out of memory: Out of memory!, exit code 1"),
        (
            1,
            True,
            "BrokenProcessPool",
            "exit code 1, and the kernel killed a process meanwhile for lack of memory",
        ),
    ],
)
def test_a_failure_has_a_reason(code: int, killed: bool, errors: str, reason: str) -> None:
    expected = Ending("Failed", reason, code, may_help=True)
    assert ending_of(code, "", None, errors, killed=killed) == expected


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        (CANCELED, Ending("Canceled", None, 137)),
        (TOO_LONG, Ending("Failed", "took longer than max_run_duration, 1.5 s", 137)),
        (UNGUARDED, Ending("Failed", "the process that guards it was killed")),
    ],
)
def test_who_was_ended_by_us_is_not_out_of_memory(why: str, expected: Ending) -> None:
    assert ending_of(137, why, 1.5, "MemoryError", killed=False) == expected


def test_a_guard_may_have_been_killed_for_lack_of_memory() -> None:
    reason = ending_of(137, UNGUARDED, None, "", killed=True).reason
    assert reason == (
        "the process that guards it was killed, and the kernel killed a process meanwhile for lack "
        "of memory"
    )


def test_what_ended_well_completed() -> None:
    assert ending_of(0, "", None, "MemoryError", killed=True) == Ending("Completed", None, 0)


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        ("0::/user/mine", "groups/user/mine/memory.events"),
        ("0::/outside/of/the/container", "groups/memory.events"),
        ("4:memory:/job\n0::/", "groups/memory/job/memory.oom_control"),
        ("4:cpu,memory:/job", "groups/memory/memory.oom_control"),
        ("0::/", "proc/vmstat"),
        ("nonsense", "proc/vmstat"),
    ],
)
def test_kills_are_counted_where_the_kernel_tells_them(
    tmp_path: Path, line: str, counter: str
) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(f"{line}\n")
    path = tmp_path / counter
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("low 0\noom 3\noom_kill 3\n")
    kills = KillsForMemory(proc, groups)
    assert not kills.happened()
    path.write_text("low 0\noom 4\noom_kill 4\n")
    assert kills.happened()


def test_a_system_that_tells_nothing_is_no_failure(tmp_path: Path) -> None:
    assert not KillsForMemory(tmp_path, tmp_path).happened()
