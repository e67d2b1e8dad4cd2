"""Kills amlplan and Terraform while each applies 200 cheap resources, and counts what that broke.

    python tests/bench/kill/against_terraform.py --kills 20

Each create appends a line to a file: of Terraform by a local-exec provisioner of terraform_data, of
amlplan by the provider of tests. A kill is SIGKILL for the whole process group, at a moment drawn
evenly from the time that an apply takes when nobody kills it. Then what a user would do is done
once: apply again. An orphan is an object that was made and is not in the state after that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if __name__ == "__main__":
    sys.path[:1] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "provider")]

from amlplan_bench.world import World

from amlplan.errors import AmlplanError
from amlplan.registry import backend
from harness.project import IMPORT_PATHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan_schemas.state import State

PARALLELISM = "-parallelism=10"


class Tool(Protocol):
    """What is killed: a command line, and what it left."""

    name: str

    def prepare(self, folder: Path, count: int) -> None:
        """Write the configuration, and make ready to apply it."""
        ...

    def command(self, folder: Path) -> tuple[list[str], dict[str, str]]:
        """The command line of an apply, and its environment."""
        ...

    def made(self, folder: Path) -> list[str]:
        """What each object that was made is called, each time it was made."""
        ...

    def known(self, folder: Path) -> list[str]:
        """What the state has; nothing where there is none, or it cannot be read."""
        ...

    def is_lost(self, folder: Path) -> bool:
        """Whether the state tells of nothing: neither what is done nor what was under way."""
        ...


class Terraform:
    """Terraform with its state in a local file. A create names its object by the process's id."""

    name = "terraform"

    def prepare(self, folder: Path, count: int) -> None:
        ledger = folder / "ledger"
        blocks = (
            f'resource "terraform_data" "t{number}" {{\n  input = "{number}"\n'
            '  provisioner "local-exec" {\n'
            f'    command = "echo t{number} ${{self.id}} >> {ledger}"\n  }}\n}}\n'
            for number in range(count)
        )
        (folder / "main.tf").write_text("".join(blocks))
        command = ["terraform", "init", "-input=false", "-no-color"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    def command(self, folder: Path) -> tuple[list[str], dict[str, str]]:
        options = ["-auto-approve", "-input=false", "-no-color", PARALLELISM]
        return ["terraform", "apply", *options], dict(os.environ)

    def made(self, folder: Path) -> list[str]:
        ledger = folder / "ledger"
        return ledger.read_text().splitlines() if ledger.exists() else []

    def known(self, folder: Path) -> list[str]:
        try:
            state = json.loads((folder / "terraform.tfstate").read_text())
        except (OSError, ValueError):
            return []
        return [
            f"{item['name']} {instance['attributes']['id']}"
            for item in state["resources"]
            for instance in item["instances"]
            if instance["attributes"].get("id")
        ]

    def is_lost(self, folder: Path) -> bool:
        return not self.known(folder)


class Amlplan:
    """amlplan with its state in a local file, and the naive world of tests."""

    name = "amlplan"

    def prepare(self, folder: Path, count: int) -> None:
        blocks = (
            f'bench "thing" "t{number}" {{ value = "{number}" }}\n' for number in range(count)
        )
        (folder / "main.hcl").write_text("".join(blocks))

    def command(self, folder: Path) -> tuple[list[str], dict[str, str]]:
        told = {
            "PYTHONPATH": os.pathsep.join(map(str, IMPORT_PATHS)),
            "AMLPLAN_BENCH_WORLD": str(folder / "world"),
            "AMLPLAN_BENCH_NAIVE": "1",
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        command = [sys.executable, "-m", "amlplan", "apply", "-auto-approve", PARALLELISM]
        return command, {**os.environ, **told}

    def made(self, folder: Path) -> list[str]:
        world = World(folder / "world", naive=True)
        return [
            f"{item['identity'].split('.')[1].split('/')[0]} {item['name']}"
            for item in world.ever()
        ]

    def known(self, folder: Path) -> list[str]:
        state = self._state(folder)
        found = state.records.values() if state is not None else ()
        known = [(item.address, item.outputs.values) for item in found]
        return [
            f"{address.removeprefix('bench.')} {outputs['id']}"
            for address, outputs in known
            if "id" in outputs
        ]

    def is_lost(self, folder: Path) -> bool:
        state = self._state(folder)
        return state is None or not (state.records or state.pending)

    def _state(self, folder: Path) -> State | None:
        try:
            return backend("local", folder, {}, "0").reader().read()
        except AmlplanError:
            return None


@dataclass
class Tally:
    """What the kills of one tool came to."""

    kills: int = 0
    lost: int = 0
    orphans: int = 0
    duplicates: int = 0
    incomplete: int = 0
    codes: Counter[int] = field(default_factory=Counter)


def apply(tool: Tool, folder: Path, seconds: float | None = None) -> int | None:
    """Apply to the end, or until the process group is killed after some time: then None."""
    command, environment = tool.command(folder)
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


def fresh(tool: Tool, base: Path, count: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{tool.name}-", dir=base))
    tool.prepare(folder, count)
    return folder


def usual_seconds(tool: Tool, base: Path, count: int) -> tuple[float, float]:
    """When the first object is there and when an apply ends, where nobody kills it."""
    folder = fresh(tool, base, count)
    started = time.monotonic()
    command, environment = tool.command(folder)
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    while not tool.made(folder) and process.poll() is None:
        time.sleep(0.01)
    first = time.monotonic() - started
    assert process.wait() == 0
    assert len(tool.made(folder)) == count
    return first, time.monotonic() - started


def kill_often(tool: Tool, base: Path, count: int, kills: int, chance: random.Random) -> Tally:
    """Kill so many applies while they make objects, and look at what one more apply leaves."""
    tally = Tally()
    first, last = usual_seconds(tool, base, count)
    while tally.kills < kills:
        folder = fresh(tool, base, count)
        if apply(tool, folder, chance.uniform(first, last)) is not None:
            continue  # it was quicker than usual, and is not a kill
        tally.kills += 1
        tally.lost += bool(tool.made(folder)) and tool.is_lost(folder)
        code = apply(tool, folder)
        tally.codes[code if code is not None else 0] += 1
        _look(tool, folder, count, tally)
        shutil.rmtree(folder)
    return tally


def _look(tool: Tool, folder: Path, count: int, tally: Tally) -> None:
    made, known = tool.made(folder), set(tool.known(folder))
    tally.orphans += len(set(made) - known)
    names = Counter(item.split()[0] for item in made)
    tally.duplicates += sum(times - 1 for times in names.values())
    tally.incomplete += len(known) != count


def _codes(tally: Tally) -> str:
    return ", ".join(f"{code} ({times})" for code, times in sorted(tally.codes.items()))


def table(tallies: Sequence[tuple[str, Tally]]) -> str:
    rows: list[tuple[str, list[object]]] = [
        ("", [name for name, _ in tallies]),
        ("kills", [tally.kills for _, tally in tallies]),
        ("lost states", [tally.lost for _, tally in tallies]),
        ("orphans", [tally.orphans for _, tally in tallies]),
        ("made again", [tally.duplicates for _, tally in tallies]),
        ("not all there after one apply", [tally.incomplete for _, tally in tallies]),
        ("exit codes of that apply", [_codes(tally) for _, tally in tallies]),
    ]
    lines = [f"{title:<32}" + "".join(f"{cell!s:>22}" for cell in cells) for title, cells in rows]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--resources", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    tools: list[Tool] = [Amlplan()]
    if shutil.which("terraform"):
        tools.append(Terraform())
        version = subprocess.check_output(["terraform", "version"], text=True).splitlines()[0]
        print(f"{version}, Python {sys.version.split()[0]}, {options.resources} resources")
    else:
        print("terraform is not installed: amlplan alone is killed")
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as base:
        tallies = [
            (tool.name, kill_often(tool, Path(base), options.resources, options.kills, chance))
            for tool in tools
        ]
    print(table(tallies))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
