"""Runs in containers are runs as others, wherever their engine is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from container_workbench import ContainerRuns

SECRET = "s3cret-of-a-container"


def test_a_run_in_a_container_is_a_run_as_others(remote: ContainerRuns) -> None:
    remote.write("data/in.txt", "input of the run")
    remote.write("package/part.py", "VALUE = 42\n")
    remote.script(
        f"""
import argparse, os, sys
import amlplan_run
from package.part import VALUE
parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
alpha = parser.parse_args().alpha
assert os.environ["KEY"] == {SECRET[::-1]!r}[::-1]
assert os.environ["PLAIN"] == "plain"
assert sys.prefix == "/amlplan/environment", sys.prefix
assert not os.path.exists("../task.json")
with open(os.environ["AMLPLAN_INPUT_DATA"]) as file:
    text = file.read()
assert open("data/in.txt").read() == text == "input of the run"
print("the key is", os.environ["KEY"])
print("to stderr", file=sys.stderr)
print("::amlplan::" + '{{"type": "metric", "name": "printed", "value": 3}}')
amlplan_run.log("loss", alpha * VALUE)
with open("outputs/model.bin", "w") as file:
    file.write("weights")
with open(os.path.join(os.environ["AMLPLAN_OUTPUT_TABLE"], "table.csv"), "w") as file:
    file.write("a,b")
os.symlink("/etc/passwd", "outputs/outside")
os.symlink("model.bin", "outputs/latest")
""",
        'parameters = {\n    alpha = 0.5\n  }\n  env = {\n    KEY   = env_secret("KEY")\n'
        '    PLAIN = "plain"\n  }\n  input "data" {\n    path = "data/in.txt"\n  }\n'
        '  output "table" {\n    datastore = datastore.tables\n  }\n',
        rest='datastore "local" "tables" {\n  path = "tables"\n  create_if_missing = true\n}\n',
    )
    ran = remote.run("run", "train", environment={"KEY": SECRET})
    assert "the key is (sensitive value)" in ran.out
    run = remote.last()
    assert run.summary.status == "Completed"
    assert {name: it.last.value for name, it in run.metrics.items()} == {"loss": 21, "printed": 3}
    assert {"outputs/model.bin", "outputs/latest"} <= run.outputs.keys()
    assert "outputs/outside" not in run.outputs
    assert (remote.root / "tables" / "table.csv").read_text() == "a,b"
    assert run.definition["image"].startswith("sha256:")
    assert run.definition["image"] in remote.run("runs", "show").out
    assert remote.containers == []
    left = [path for path in remote.data.rglob("*") if path.is_file()]
    assert not [path for path in left if SECRET.encode() in path.read_bytes()]


def test_no_secret_is_in_what_an_engine_shows_of_a_container(boxed: ContainerRuns) -> None:
    boxed.script(
        "import os, time\nassert os.environ['KEY']\nprint('ready', flush=True)\ntime.sleep(600)\n",
        'env = {\n    KEY = env_secret("KEY")\n  }\n',
    )
    boxed.run("run", "train", "-detach", environment={"KEY": SECRET})
    boxed.await_output()
    (container,) = boxed.containers
    shown = json.dumps(boxed.engine._calls.call("inspect_container", container.id))
    assert SECRET not in shown
    assert b"".join(boxed.engine.logs(container.id)) == b""
    assert boxed.run("runs", "cancel", "latest").code == 0
    assert boxed.last().summary.status == "Canceled"
    assert boxed.containers == []


def test_too_much_memory_is_told_apart_and_limits_are_those_asked_for(
    boxed: ContainerRuns,
) -> None:
    boxed.script(
        "import os\nprint(os.statvfs('/dev/shm').f_blocks * os.statvfs('/dev/shm').f_frsize)\n"
        "held = []\nwhile True:\n    held.append(bytearray(1 << 20))\n",
        'resources {\n    memory   = "48MiB"\n    shm_size = "8MiB"\n    cpus = 1\n  }\n',
    )
    ran = boxed.run("run", "train", code=137)
    assert str(8 << 20) in ran.out
    assert "out of memory: the kernel killed it" in ran.out
    assert boxed.containers == []


@pytest.mark.slow
def test_attempts_are_made_in_one_container(boxed: ContainerRuns) -> None:
    boxed.script(
        "import os, sys\nattempt = int(os.environ['AMLPLAN_RUN_ATTEMPT'])\n"
        "print(attempt, sorted(os.listdir('outputs')))\n"
        "open('outputs/%d' % attempt, 'w').close()\nsys.exit(0 if attempt == 2 else 7)\n",
        "retries = 2\n",
    )
    ran = boxed.run("run", "train")
    assert "(amlplan: exit code 7; this is attempt 2 of 3)\n2 ['1']" in ran.out
    assert {"outputs/1", "outputs/2"} <= boxed.last().outputs.keys()
    assert boxed.containers == []


@pytest.mark.slow
def test_scripts_of_azure_ml_reach_the_service_of_their_run(remote: ContainerRuns) -> None:
    remote.script("""
import os
from azureml.core import Model, Run
run = Run.get_context()
run.log("accuracy", 0.5)
os.makedirs("outputs/model")
with open("outputs/model/weights.bin", "w") as file:
    file.write("weights")
model = run.register_model(model_name="digits", model_path="outputs/model")
assert model.version == 1
workspace = run.experiment.workspace
os.mkdir("/tmp/got")
Model(workspace, "digits").download(target_dir="/tmp/got", exist_ok=True)
found = [os.path.join(folder, name) for folder, _, names in os.walk("/tmp/got") for name in names]
assert [open(path).read() for path in found] == ["weights"], found
assert run.get_metrics() == {"accuracy": 0.5}
""")
    remote.run("run", "train")
    assert "digits" in remote.run("model", "list").out


@pytest.mark.slow
def test_a_block_asks_for_a_container_of_this_host(boxed: ContainerRuns) -> None:
    boxed.script(
        "import os\nassert os.path.exists('/amlplan/environment')\n",
        rest='compute "local" "here" {}\n\nrun_config "here" {\n  script      = "train.py"\n'
        "  target      = compute.here\n  container   = true\n  environment = environment.boxed\n}\n"
        'run_config "bare" {\n  script    = "train.py"\n  container = true\n}\n',
    )
    boxed.run("run", "here", environment={"DOCKER_HOST": boxed.host})
    said = boxed.run("run", "bare", code=125, environment={"DOCKER_HOST": boxed.host}).err
    assert "A container needs an environment" in said
    nowhere = {"DOCKER_HOST": "unix:///no/such/engine.sock"}
    assert "there is no such socket" in boxed.run("run", "here", code=125, environment=nowhere).err


@pytest.mark.slow
def test_members_of_a_grid_wait_for_their_turn_on_an_engine(boxed: ContainerRuns) -> None:
    boxed.script(
        "import amlplan_run, sys\namlplan_run.log('alpha', float(sys.argv[2]))\n",
        more="max_runs = 1\n",
    )
    boxed.run("run", "train", "-p", "alpha=1,2,3")
    runs = boxed.json("runs", "list")["runs"]
    assert sorted(run["status"] for run in runs) == ["Completed"] * 4
    boxed.run("runs", "rerun", "2")
    assert boxed.containers == []


@pytest.mark.slow
def test_too_much_is_refused_before_anything_is_made(boxed: ContainerRuns) -> None:
    boxed.script("print()\n", 'resources {\n    memory = "900TiB"\n    gpus = 64\n  }\n')
    said = boxed.run("run", "train", code=125).err
    assert "compute.box cannot run train" in said
    assert "memory: 921600.0 GiB asked for" in said
    assert boxed.folders() == []
