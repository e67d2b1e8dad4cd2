"""Plan and apply at scale against Terraform, in the same run, on equal resources, with the goals.

Prints a table in Markdown. Times are the least of some runs, on the clock. For 10,000 resources
both states are made without applying, as Terraform's apply takes most of an hour there; with
`--quick` that size is left out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.equal_projects import make_our_state, make_their_state, write_ours, write_theirs
from bench.processes import AMLPLAN, Measured, environment, measured
from bench.state_bench import read_and_written

REPEATS = 5
MIDDLE, LARGEST = 1000, 10_000
SIZES = (100, MIDDLE, LARGEST)
COUNTING = """
import json, os, sys
real, count = os.fdatasync, 0
def counting(descriptor):
    global count
    count += 1
    real(descriptor)
os.fdatasync = counting
from amlplan.cli.app import run
code = run(["apply", "-auto-approve", "-parallelism=10"])
print("\\n" + json.dumps(count))
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    what: str
    ours: str
    theirs: str = ""
    ratio: str = ""
    goal: str = ""

    def text(self) -> str:
        return f"| {self.what} | {self.ours} | {self.theirs} | {self.ratio} | {self.goal} |"


def compared(what: str, ours: Measured, theirs: Measured | None, at_least: int | None) -> Row:
    """A line about times."""
    goal = f"at least {at_least}" if at_least else ""
    mine = f"{ours.wall:.2f} s ({ours.cpu:.2f})"
    if theirs is None:
        return Row(what, mine, goal=goal)
    other = f"{theirs.wall:.2f} s ({theirs.cpu:.2f})"
    return Row(what, mine, other, f"{theirs.wall / ours.wall:.1f}", goal)


class Bench:
    """The measurements, in one folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.env = environment(base / "home")
        self.terraform = shutil.which("terraform")

    def version(self) -> str:
        """Terraform's name and version, or that it is missing."""
        if not self.terraform:
            return "Terraform is not installed"
        told = subprocess.run(
            [self.terraform, "version", "-json"], env=self.env, check=True, capture_output=True
        )
        return f"Terraform {json.loads(told.stdout)['terraform_version']}"

    def plans(self, count: int, *, applies: bool) -> list[Row]:
        """New plan, apply, and plan with nothing to do."""
        ours, theirs = self._folders(count)
        repeats = REPEATS if count < LARGEST else 2
        goal = 3 if count >= MIDDLE else None
        new = self._both(["plan"], ours, theirs, repeats)
        rows = [compared(f"new plan, {count:,} resources", *new, goal)]
        if applies:
            least, apply_goal = (1, 10) if count == MIDDLE else (2, None)
            apply = self._applies(ours, theirs, least)
            rows.append(compared(f"apply, {count:,} resources", *apply, apply_goal))
        else:
            make_our_state(ours, count, self.env)
            if self.terraform:
                make_their_state(theirs, count)
        self._expect_nothing_to_do(ours, theirs)
        same = self._both(["plan"], ours, theirs, repeats)
        rows.append(compared(f"plan, nothing to do, {count:,} resources", *same, goal))
        if count == LARGEST:
            rows += [
                memory(f"peak memory, new plan, {count:,} resources", *new),
                memory(f"peak memory, nothing to do, {count:,} resources", *same),
            ]
        return rows

    def cost(self) -> Row:
        """How the cost of a resource grows, in processor time and without what one alone takes."""
        took: dict[int, float] = dict.fromkeys((1, min(SIZES), max(SIZES)), float("inf"))
        for turn in range(10):  # in turns, so that whatever else this machine does is shared
            for count, least in list(took.items()):
                if count < MIDDLE or turn % 4 == 0:
                    took[count] = min(least, self._apply_cpu(count))
        small, large = (
            (took[count] - took[1]) / (count - 1) * 1000 for count in (min(SIZES), max(SIZES))
        )
        return Row(
            f"cost of a resource in an apply, {max(SIZES):,} against {min(SIZES)}",
            f"{large:.2f} ms, {small:.2f} ms",
            ratio=f"{large / small:.2f}",
            goal="at most 1.3",
        )

    def syncs(self) -> Row:
        """How often an apply waits for the disk."""
        folder = self.base / "syncs"
        write_ours(folder, MIDDLE)
        command = [sys.executable, "-c", COUNTING]
        done = subprocess.run(command, cwd=folder, env=self.env, check=True, capture_output=True)
        count = json.loads(done.stdout.splitlines()[-1])
        return Row(
            "fdatasync per operation, parallelism 10", f"{count / MIDDLE:.2f}", goal="at most 1.5"
        )

    def state(self) -> Row:
        """A state of many resources."""
        read, written = read_and_written(self.base)
        return Row(
            f"state of {LARGEST:,}, read and written", f"{read + written:.2f} s", goal="0.25 s"
        )

    def _folders(self, count: int) -> tuple[Path, Path]:
        ours, theirs = self.base / f"ours{count}", self.base / f"theirs{count}"
        write_ours(ours, count)
        write_theirs(theirs, count)
        if self.terraform:
            command = [self.terraform, "init", "-no-color"]
            subprocess.run(command, cwd=theirs, env=self.env, check=True, capture_output=True)
        return ours, theirs

    def _both(
        self, arguments: list[str], ours: Path, theirs: Path, repeats: int
    ) -> tuple[Measured, Measured | None]:
        mine = measured([*AMLPLAN, *arguments], ours, self.env, repeats)
        if not self.terraform:
            return mine, None
        command = [self.terraform, *arguments, "-no-color"]
        return mine, measured(command, theirs, self.env, repeats)

    def _applies(self, ours: Path, theirs: Path, repeats: int) -> tuple[Measured, Measured | None]:
        """First applies; each tool's last state is kept."""
        found: list[Measured] = []
        for command, folder, state in (
            ([*AMLPLAN, "apply", "-auto-approve"], ours, "amlplan.state.json*"),
            ([self.terraform, "apply", "-auto-approve", "-no-color"], theirs, "terraform.tfstate*"),
        ):
            if command[0] is None:
                return found[0], None
            runs = []
            for _ in range(repeats if folder == theirs else 3):
                for path in folder.glob(state):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                runs.append(measured([str(part) for part in command], folder, self.env))
            found.append(min(runs, key=lambda run: run.wall))
        return found[0], found[1]

    def _apply_cpu(self, count: int) -> float:
        folder = Path(tempfile.mkdtemp(dir=self.base))
        write_ours(folder, count)
        return measured([*AMLPLAN, "apply", "-auto-approve"], folder, self.env).cpu

    def _expect_nothing_to_do(self, ours: Path, theirs: Path) -> None:
        for command, folder in ((AMLPLAN, ours), ([self.terraform], theirs)):
            if command[0] is not None:
                asked = [*map(str, command), "plan", "-detailed-exitcode"]
                subprocess.run(asked, cwd=folder, env=self.env, check=True, capture_output=True)


def memory(what: str, ours: Measured, theirs: Measured | None) -> Row:
    """A line about memory."""
    other = f"{theirs.megabytes:.0f} MB" if theirs else ""
    ratio = f"{theirs.megabytes / ours.megabytes:.1f}" if theirs else ""
    return Row(what, f"{ours.megabytes:.0f} MB", other, ratio, "under 300 MB")


def main() -> None:
    sizes = SIZES[:-1] if "--quick" in sys.argv[1:] else SIZES
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        print(f"| | amlplan | {bench.version()} | ratio | goal |")
        print("|---|---|---|---|---|")
        for size in sizes:
            for row in bench.plans(size, applies=size < LARGEST):
                print(row.text(), flush=True)
        for row in (bench.cost(), bench.syncs(), bench.state()):
            print(row.text(), flush=True)
    print("\nSeconds on the clock, the least of some runs; in brackets, of the processors.")


if __name__ == "__main__":
    main()
