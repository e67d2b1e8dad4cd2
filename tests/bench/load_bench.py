"""Time to load and evaluate configuration against hashicorp's parser, which only parses it.

Each block is a `run_config` with eight arguments and a block inside, templates and references among
them. Prints a table in Markdown. Numbers of blocks are given as arguments; 100, 1000 and 10000
without any.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parents[2]
REPEATS = 3
BLOCK = """
run_config "t{number}" {{
  script           = "train_{number}.py"
  source           = "src/${{local.team}}"
  target           = compute.here
  environment      = environment.py
  history          = "${{var.project}}-{number}"
  arguments        = ["--fold", "{number}", upper(local.team)]
  max_run_duration = "${{var.hours + 1}}h"
  parameters = {{
    alpha = {number} / 10
    previous = {previous}
  }}

  resources {{
    cpus   = 2
    memory = "${{var.hours * 4}}GiB"
  }}
}}
"""
HEAD = """
variable "project" {
  default = "fraud"
}
variable "hours" {
  default = 2
}
locals {
  team = "vision-${var.project}"
}
workspace "main" {}
compute "local" "here" {}
environment "py" {
  user_managed = true
}
"""
OURS = """
import json, resource, sys, time
started = time.process_time()
from pathlib import Path
from amlplan.collector import collector_paused
from amlplan.config.evaluating.evaluation import Evaluation
from amlplan.config.reading.load import load
from amlplan.registry import Registry
from amlplan.project.folders import provider_context
from amlplan.secrets import Secrets
from amlplan.values import ResourceValue
root = Path(sys.argv[1])
registry = Registry(provider_context(root))
models = {kind: registry.inputs_of(kind) for kind in
          ("run_config", "compute.local", "environment", "workspace")}
imported = time.process_time()
configuration = load(root, registry.block_types)
loaded = time.process_time()
with collector_paused():
    variables = {"project": "fraud", "hours": 2}
    evaluation = Evaluation(configuration, models, registry.block_types, variables, Secrets(root))
    count = 0
    for address in evaluation.addresses():
        block = evaluation.blocks[address]
        values, problems = evaluation.resource(address, models[block.kind])
        assert values is not None, problems
        value = ResourceValue(values, address=address, kind=block.kind, identity=address)
        evaluation.publish(address, value)
        count += 1
evaluated = time.process_time()
assert not configuration.diagnostics, configuration.diagnostics
print(json.dumps({
    "count": count,
    "import": imported - started,
    "load": loaded - imported,
    "evaluate": evaluated - loaded,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""
THEIRS = """
import json, sys, time
from pathlib import Path
import pygohcl
text = (Path(sys.argv[1]) / "main.hcl").read_text()
started = time.process_time()
parsed = pygohcl.loads(text)
print(json.dumps({"count": len(parsed["run_config"]), "parse": time.process_time() - started}))
"""


def write(folder: Path, count: int) -> None:
    """A configuration of that many blocks, each a reference to the one before."""
    folder.mkdir()
    blocks = [
        BLOCK.format(
            number=number,
            previous=f"run_config.t{number - 1}.history" if number else '"none"',
        )
        for number in range(count)
    ]
    (folder / "main.hcl").write_text(HEAD + "".join(blocks))


def measured(program: str, folder: Path) -> dict[str, float]:
    """The figures of the quickest of some processes."""
    found = []
    for _ in range(REPEATS):
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(json.loads(done.stdout))
    return min(found, key=lambda item: item.get("load", 0) + item.get("parse", 0))


def main(counts: list[int]) -> None:
    """Measure each size and print the table."""
    has_peer = importlib.util.find_spec("pygohcl") is not None
    if not has_peer:
        print("pygohcl is not installed, so there is nothing to compare with.")
    print("| blocks | load | evaluate | together | pygohcl parses | ratio | memory |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for count in counts:
            folder = Path(name) / str(count)
            write(folder, count)
            ours = measured(OURS, folder)
            assert ours["count"] == count + 3
            together = ours["load"] + ours["evaluate"]
            theirs = measured(THEIRS, folder)["parse"] if has_peer else None
            peer = f"{theirs:.3f} s | {theirs / together:.1f}" if theirs else "|"
            print(
                f"| {count:,} | {ours['load']:.3f} s | {ours['evaluate']:.3f} s | {together:.3f} s "
                f"| {peer} | {ours['megabytes']:.0f} MB |"
            )


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [100, 1000, 10_000])
