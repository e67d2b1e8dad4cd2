"""Time of runs in containers against `docker run` by hand with the same image, in the same run.

The script does nothing. By hand it is baked in as `-c pass`, and nothing is kept of it; a run takes
a snapshot, sends it, follows, fetches what was made and removes the container. The engine is that
of DOCKER_HOST, with an image that has a Python, named as the argument. Prints a table in Markdown.

    PYTHONPATH=tests python tests/bench/container_bench.py local/python:3.11
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.run_bench import PYTHON, environment_in, timed

REPEATS = 7
CONFIGURATION = """
workspace "bench" {{}}
compute "docker" "box" {{
  name = "benchbox"
  connection {{
    host = "{host}"
  }}
}}
compute "local" "here" {{}}
environment "boxed" {{
  requirements = []
  python       = "{version}"
  docker {{
    base_image = "{base}"
  }}
}}
environment "mine" {{
  user_managed = true
  interpreter  = "{python}"
}}
run_config "boxed" {{
  script      = "x.py"
  target      = compute.box
  environment = environment.boxed
}}
run_config "local" {{
  script      = "x.py"
  target      = compute.here
  environment = environment.mine
}}
"""


def main(base_image: str) -> None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        environment = environment_in(base)
        project = base / "project"
        project.mkdir()
        (project / "x.py").touch()
        asked = ["docker", "run", "--rm", base_image, "python3", "-c"]
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        version = _said([*asked, code], environment, project).strip()
        told = {"host": host, "base": base_image, "version": version, "python": PYTHON}
        (project / "main.hcl").write_text(CONFIGURATION.format(**told))
        amlplan = [sys.executable, "-m", "amlplan"]
        _said([*amlplan, "apply", "-update-lock", "-auto-approve"], environment, project)
        try:
            _said([*amlplan, "run", "boxed"], environment, project)
            shown = json.loads(_said([*amlplan, "runs", "show", "-json"], environment, project))
            image = shown["definition"]["image"]
            commands = {
                "`docker run` by hand": ["docker", "run", "--rm", image, "python", "-c", "pass"],
                "`amlplan run`, on this host": [*amlplan, "run", "local"],
                "`amlplan run`, in a container": [*amlplan, "run", "boxed"],
            }
            times: dict[str, list[float]] = {label: [] for label in commands}
            for _ in range(REPEATS):
                for label, command in commands.items():
                    times[label].append(timed(lambda: _said(command, environment, project)))  # noqa: B023
        finally:
            _said([*amlplan, "destroy", "-auto-approve"], environment, project)
    print(f"| of {REPEATS} | fastest | median |\n|---|---|---|")
    for label, seconds in times.items():
        median = statistics.median(seconds)
        print(f"| {label} | {min(seconds) * 1000:.0f} ms | {median * 1000:.0f} ms |")


def _said(command: list[str], environment: object, folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(environment),  # type: ignore[call-overload]
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return str(done.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
