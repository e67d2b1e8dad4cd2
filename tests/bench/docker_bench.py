"""Measures a project on a Docker engine through its commands: plans, first answers, scoring.

Run: scripts/bench docker [MEBIBYTES]. A plan with nothing to do over an image of a large model; the
time from `apply` to the first good answer, against `docker run` of the same image by hand; requests
to a deployment in containers, through its published port, against the same script on the local
target. The turns alternate, the median of the rounds is shown.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from amlplan.digests import RACY
from bench.http_load import Load, load
from bench.processes import AMLPLAN, measured
from bench.serve_bench import BODY, CONNECTIONS, SCRIPT, middle, row
from services.docker import Service, running_engine, why_there_is_none

ROUNDS = 5
SECONDS = 4
PIECE = 1 << 20
NAME = f"bench-{secrets.token_hex(3)}"
COMMON = """
workspace "bench" {{}}

compute "docker" "box" {{
  name = "{name}"
  connection {{
    host = "{host}"
  }}
}}

compute "local" "here" {{}}

environment "plain" {{
  python       = "{python}"
  requirements = ["iniconfig==2.0.0"]
  docker {{
    base_image = "{base}"
  }}
}}

model "big" {{
  source = "model"
}}

image "scorer" {{
  models       = [model.big]
  entry_script = "score.py"
  environment  = environment.plain
  builder      = compute.box
}}
"""
DEPLOYED = """
deployment "there" {{
  name   = "{name}"
  image  = image.scorer
  target = compute.box
}}
"""
BESIDE = """
model "small" {
  source = "score.py"
}

image "bundle" {
  models       = [model.small]
  entry_script = "score.py"
  environment  = environment.plain
}

deployment "here" {
  image  = image.bundle
  target = compute.here
}
"""


class Bench:
    """A project in a folder of its own, and the engine that it is on."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.host = service.host
        self.environment = {
            **os.environ,
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "DOCKER_HOST": service.host,
        }
        self.named = {
            "name": NAME,
            "host": service.host,
            "base": service.base,
            "python": service.base.rpartition(":")[2],
        }

    def amlplan(self, *arguments: str) -> str:
        return self._said([*AMLPLAN, *arguments])

    def docker(self, *arguments: str) -> str:
        return self._said(["docker", *arguments]).strip()

    def configure(self, text: str) -> None:
        (self.folder / "main.hcl").write_text(text)

    def key(self, name: str) -> str:
        keys = json.loads(self.amlplan("deployment", "keys", "show", name, "-json"))
        return f"Bearer {keys['primary']}"

    def outputs(self, address: str) -> dict[str, object]:
        state = json.loads((self.folder / "amlplan.state.json").read_text())
        outputs: dict[str, object] = state["records"][address]["outputs"]["values"]
        return outputs

    def _said(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def port_of(uri: object) -> int:
    return int(str(uri).rpartition(":")[2].partition("/")[0])


def answered(host: str, port: int, key: str) -> None:
    """Wait for the first good answer."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(host, port, timeout=10)
            connection.request("POST", "/score", BODY, {"Authorization": key})
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise SystemExit("no good answer")


def first_answers(bench: Bench) -> None:
    """From nothing deployed to a good answer, by apply and by hand."""
    ours, theirs = [], []
    image = str(bench.outputs("image.scorer")["image_id"])
    for _ in range(ROUNDS):
        bench.configure((COMMON + DEPLOYED).format(**bench.named))
        started = time.perf_counter()
        bench.amlplan("apply", "-auto-approve")
        key = bench.key("there")
        answered("127.0.0.1", port_of(bench.outputs("deployment.there")["scoring_uri"]), key)
        ours.append(time.perf_counter() - started)
        bench.configure(COMMON.format(**bench.named))
        bench.amlplan("apply", "-auto-approve")
        started = time.perf_counter()
        made = bench.docker("run", "-d", "-p", "127.0.0.1::5001", image)
        answered("127.0.0.1", port_of(bench.docker("port", made, "5001/tcp")), "")
        theirs.append(time.perf_counter() - started)
        bench.docker("rm", "-f", made)
    us, them = statistics.median(ours), statistics.median(theirs)
    print(f"first good answer: apply {us:.2f} s, docker run {them:.2f} s, {us - them:+.2f} s")


def plans(bench: Bench) -> None:
    first = measured([*AMLPLAN, "plan"], bench.folder, bench.environment)
    again = measured([*AMLPLAN, "plan"], bench.folder, bench.environment, ROUNDS)
    print(f"plan, nothing to do: first {first.wall:.2f} s, again {again.wall:.2f} s")


def scoring(bench: Bench) -> None:
    bench.configure((COMMON + DEPLOYED).format(**bench.named) + BESIDE)
    bench.amlplan("apply", "-auto-approve")
    local = port_of(bench.outputs("deployment.here")["scoring_uri"])
    there = port_of(bench.outputs("deployment.there")["scoring_uri"])
    keys = {local: bench.key("here"), there: bench.key("there")}
    print("server        connections   requests/s    p50 ms    p99 ms    failed")
    for connections in CONNECTIONS:
        done: dict[int, list[Load]] = {local: [], there: []}
        for _ in range(3):
            for port, loads in done.items():
                loads.append(load(port, connections, SECONDS, BODY, keys[port]))
        ours, theirs = middle(done[there]), middle(done[local])
        print(row("local", connections, theirs))
        print(row("containers", connections, ours))
        times, late = ours.per_second / theirs.per_second, ours.p99 / theirs.p99
        print(f"ratio        {connections:12d} {times:10.2f} {'':9} {late:9.2f}")


def main(folder: Path, mebibytes: int) -> None:
    with running_engine() as service:
        bench = Bench(folder, service)
        (bench.folder / "score.py").write_text(SCRIPT)
        with (bench.folder / "model").open("wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(PIECE))
        time.sleep(RACY + 1)  # what changed a moment ago is not remembered
        bench.configure(COMMON.format(**bench.named))
        bench.amlplan("init")
        bench.amlplan("apply", "-auto-approve")
        try:
            plans(bench)
            first_answers(bench)
            scoring(bench)
        finally:
            bench.amlplan("destroy", "-auto-approve")
            bench.amlplan("image", "gc")


if __name__ == "__main__":
    if reason := why_there_is_none():
        raise SystemExit(f"skipped: {reason}")
    with tempfile.TemporaryDirectory() as made:
        main(Path(made), int(sys.argv[1]) if sys.argv[1:] else 1024)
