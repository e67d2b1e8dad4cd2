"""Times of whole commands against Terraform, in the same run, on equal resources.

Each resource is a block of its own: `bench.thing`, a cheap object, against `terraform_data`.
Prints a table in Markdown. Sizes are given as arguments; 100 and 1000 without any.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCES = Path(__file__).parents[2]
EXAMPLE = SOURCES / "examples" / "quickstart"
REPEATS = 3
LARGEST_THEIRS = 2000
"""Beyond this Terraform's apply takes most of an hour, so only its new plan is measured."""


def environment(home: Path) -> dict[str, str]:
    """No world, so that things are free; bytecode may be kept, as for any installed tool."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPATH": str(SOURCES / "tests" / "provider"),
        "XDG_DATA_HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }


def seconds(command: list[str], folder: Path, env: dict[str, str], repeats: int = 1) -> float:
    """The best time of some runs."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - started)
    return best


def write_ours(folder: Path, count: int) -> None:
    blocks = [
        f'bench "thing" "t{number}" {{\n  value = "value {number}"\n'
        f'  options = {{\n    index = "{number}"\n  }}\n}}\n'
        for number in range(count)
    ]
    folder.mkdir()
    (folder / "main.hcl").write_text("".join(blocks))


def write_theirs(folder: Path, count: int) -> None:
    blocks = [
        f'resource "terraform_data" "t{number}" {{\n  input = {{\n    value = "value {number}"\n'
        f'    index = "{number}"\n  }}\n}}\n'
        for number in range(count)
    ]
    folder.mkdir()
    (folder / "main.tf").write_text("".join(blocks))


def rows(count: int, base: Path, env: dict[str, str]) -> list[tuple[str, float, float | None]]:
    """New plan, apply, and plan with nothing to do, of both tools."""
    amlplan = [sys.executable, "-m", "amlplan"]
    terraform = shutil.which("terraform")
    ours, theirs = base / f"ours{count}", base / f"theirs{count}"
    write_ours(ours, count)
    write_theirs(theirs, count)
    if terraform:
        subprocess.run(
            [terraform, "init", "-no-color"], cwd=theirs, env=env, check=True, capture_output=True
        )
    found: list[tuple[str, float, float | None]] = []
    for name, mine, other, repeats in (
        ("new plan", ["plan"], ["plan", "-no-color"], REPEATS),
        ("apply", ["apply", "-auto-approve"], ["apply", "-auto-approve", "-no-color"], 1),
        ("plan, nothing to do", ["plan"], ["plan", "-no-color"], REPEATS),
    ):
        mine_seconds = seconds([*amlplan, *mine], ours, env, repeats)
        other_seconds = None
        if terraform and (count <= LARGEST_THEIRS or name == "new plan"):
            other_seconds = seconds([terraform, *other], theirs, env, 1 if count > 100 else repeats)
        found.append((f"{name}, {count} resources", mine_seconds, other_seconds))
    return found


def quickstart(base: Path, env: dict[str, str]) -> list[tuple[str, float, float | None]]:
    """The example that the demo shows, and the version, which imports next to nothing."""
    amlplan = [sys.executable, "-m", "amlplan"]
    terraform = shutil.which("terraform")
    folder = base / "quickstart"
    shutil.copytree(EXAMPLE, folder)
    subprocess.run(
        [*amlplan, "apply", "-auto-approve"], cwd=folder, env=env, check=True, capture_output=True
    )
    other = seconds([terraform, "version"], base, env, REPEATS) if terraform else None
    return [
        ("version", seconds([*amlplan, "version"], base, env, 2 * REPEATS), other),
        (
            "plan of the quickstart, nothing to do",
            seconds([*amlplan, "plan"], folder, env, REPEATS),
            None,
        ),
    ]


def main() -> None:
    sizes = [int(argument) for argument in sys.argv[1:]] or [100, 1000]
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        env = environment(base / "home")
        table = quickstart(base, env)
        for size in sizes:
            table += rows(size, base, env)
    print("| | amlplan | Terraform | ratio |")
    print("|---|---|---|---|")
    for label, mine, other in table:
        theirs = f"{other:.2f} s" if other is not None else "not measured"
        ratio = f"{other / mine:.1f}" if other is not None else ""
        print(f"| {label} | {mine:.2f} s | {theirs} | {ratio} |")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nLargest child process of this run, either tool: {peak:.0f} MB")


if __name__ == "__main__":
    main()
