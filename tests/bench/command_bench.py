"""Times of commands on a small project; those at scale are in plan_bench.py.

Prints a table in Markdown: the example that the demo shows, and the version, which imports next to
nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.processes import AMLPLAN, SOURCES, environment, measured

EXAMPLE = SOURCES / "examples" / "quickstart"
REPEATS = 6


def main() -> None:
    terraform = shutil.which("terraform")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        env = environment(base / "home")
        folder = base / "quickstart"
        shutil.copytree(EXAMPLE, folder)
        command = [*AMLPLAN, "apply", "-auto-approve"]
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
        version = measured([*AMLPLAN, "version"], base, env, REPEATS).wall
        plan = measured([*AMLPLAN, "plan"], folder, env, REPEATS).wall
        theirs = measured([terraform, "version"], base, env, REPEATS).wall if terraform else None
    print("| | amlplan | Terraform | ratio |")
    print("|---|---|---|---|")
    other = f"{theirs:.2f} s | {theirs / version:.1f}" if theirs else "|"
    print(f"| version | {version:.2f} s | {other} |")
    print(f"| plan of the quickstart, nothing to do | {plan:.2f} s | | |")


if __name__ == "__main__":
    main()
