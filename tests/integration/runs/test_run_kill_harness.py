"""Runs, killed at random moments: no orphan, no duplicate, no point that is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.project import IMPORT_PATHS

HARNESS = Path(__file__).parents[2] / "bench" / "run_kill" / "run.py"
PHASES = {
    "command",
    "group",
    "supervisor",
    "guard",
    "script",
    "supervisor+guard",
    "everybody",
    "queued",
}

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)


def killed(*arguments: str) -> tuple[int, dict[str, dict[str, int]], list[str]]:
    """What the harness says: its exit code, the outcomes by phase, and what was broken."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, IMPORT_PATHS))}
    done = subprocess.run(
        [sys.executable, str(HARNESS), "--json", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    return done.returncode, told["outcomes"], [f"seed {told['seed']}", *told["faults"]]


@pytest.mark.slow
def test_kills_at_any_moment_break_nothing() -> None:
    code, outcomes, faults = killed("--kills", "10", "--seconds", "30")
    assert code == 0, faults
    assert set(outcomes) == PHASES
    allowed = ("no run", "Completed", "Failed: ", "(it had ended before)")
    assert all(text.startswith(allowed) for phase in outcomes.values() for text in phase), outcomes


def test_the_harness_sees_what_is_broken(tmp_path: Path) -> None:
    """Its checks fail where a script was started twice, or a point is missing."""
    from bench.run_kill.world import World

    world = World(tmp_path)
    world.run()
    (folder,) = world.folders()
    assert (world.check(folder), world.faults) == ("Completed", [])
    world.ledger.write_text(f"{folder.name}\n{folder.name}\n")
    with (folder / "log.txt").open("a") as log:
        log.write("40\n")
    (folder / "work").mkdir()
    world.check(folder)
    faults = "\n".join(world.faults)
    assert "started 2 times" in faults
    assert "40 points of point, and 41 were printed" in faults
    assert "40 points of line, and 41 were printed" in faults
    assert "its working folder is left" in faults
