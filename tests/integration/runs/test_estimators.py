"""Estimators: what they expand into, and runs of several processes on this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command_line import CommandLine

BLOCKS = """
estimator "tensorflow" "servers" {
  entry_script           = "tf.py"
  worker_count           = 2
  parameter_server_count = 1
  script_params          = { "--rate" = 0.5, flag = "" }
}
estimator "pytorch" "ranks" {
  entry_script           = "rank.py"
  distributed_backend    = "gloo"
  process_count_per_node = 3
  environment_variables  = { COLOUR = "red" }
}
estimator "generic" "message" {
  entry_script           = "rank.py"
  distributed_backend    = "mpi"
  process_count_per_node = 2
}
"""
SERVERS = """
import json, os, sys, time
found = json.loads(os.environ["TF_CONFIG"])
cluster, task = found["cluster"], found["task"]
assert len(set(cluster["worker"] + cluster["ps"])) == 3
sys.stdout.write("%s %d %s\\n" % (task["type"], task["index"], sys.argv[1:]))
sys.stdout.flush()
if task["type"] == "ps":
    open("outputs/serves", "w").close()
    time.sleep(600)
while not os.path.exists("outputs/serves"):  # a server ends with the workers
    time.sleep(0.01)
"""
RANKS = """
import os, sys, amlplan_run
names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "COLOUR")
sys.stdout.write(" ".join(os.environ.get(name, "-") for name in names) + "\\n")
rank = int(os.environ.get("RANK", "0"))
amlplan_run.log("loss-%d" % rank, rank)
if rank and "fail" in sys.argv:
    sys.exit(2 + rank)
if "fail" in sys.argv:
    import time
    time.sleep(600)
"""


def test_processes_find_each_other_and_end_together(line: CommandLine) -> None:
    line.write("tf.py", SERVERS)
    line.write("rank.py", RANKS)
    line.configure(BLOCKS)
    out = line.run("run", "servers").out
    for task in ("worker 0", "worker 1", "ps 0"):
        assert f"{task} ['--flag', '--rate', '0.5']\n" in out
    run = line.last()
    assert run.definition["parameters"] == {"rate": "0.5"}
    assert run.definition["configuration"]["framework"] == "tensorflow"
    assert run.definition["configuration"]["distribution"]["worker_count"] == 2

    out = line.run("run", "estimator.ranks").out
    for rank in range(3):
        assert f"{rank} {rank} 3 127.0.0.1 red\n" in out
    assert set(line.last().metrics) == {"loss-0", "loss-1", "loss-2"}
    # The first that fails decides, and the others are ended.
    assert line.run("run", "ranks", "fail", code=None).code in {3, 4}


def test_mpirun_is_used_where_there_is_one(line: CommandLine) -> None:
    line.write("rank.py", RANKS)
    line.configure(BLOCKS)
    path = f"{line.base / 'bin'}:/usr/bin:/bin"
    tools = line.base / "bin" / "mpirun"
    if not any((line.base / name).exists() for name in ("/usr/bin/mpirun", "/bin/mpirun")):
        refused = line.run("run", "message", code=125, environment={"PATH": path}).err
        assert "no mpirun is on the PATH" in refused
    tools.write_text('#!/bin/sh\necho "mpirun $1 $2"\nshift 2\nexec "$@"\n')
    tools.chmod(0o755)
    out = line.run("run", "message", environment={"PATH": path}).out
    assert "mpirun -n 2\n- - - - -\n" in out


def test_mistakes_of_estimators_are_found_before_any_run(line: CommandLine) -> None:
    line.configure(
        'estimator "pytorch" "a" {\n  entry_script = "x.py"\n  process_count_per_node = 2\n}\n'
        'estimator "generic" "b" {\n  entry_script = "x.py"\n  pip_packages = ["six"]\n'
        "  user_managed = true\n}\n"
        'estimator "tensorflow" "c" {\n  entry_script = "x.py"\n  worker_count = 2\n'
        '  distributed_backend = "mpi"\n}\n'
        'estimator "generic" "d" {\n  entry_script = "x.py"\n  conda_packages = ["!"]\n}\n'
        'run_config "d" {\n  script = "x.py"\n}\n'
        "project {\n  default_run_config = model.x\n}\n",
        apply=False,
    )
    found = line.run("validate", code=10).err
    assert "process_count_per_node needs a distributed_backend" in found
    assert "packages are installed into an environment of their own" in found
    assert "worker_count and parameter_server_count are of the backend ps" in found
    assert "'!' is no dependency of conda" in found
    assert "estimator.d was declared at main.hcl:" in found
    assert '"default_run_config" takes a run_config or an estimator' in found


def test_packages_have_to_be_locked(line: CommandLine) -> None:
    line.configure(
        'estimator "generic" "train" {\n  entry_script = "x.py"\n  pip_packages = ["six"]\n}\n'
    )
    refused = line.run("run", "train", code=125).err
    assert "amlplan.lock has no answer for the packages of estimator.train." in refused


def test_what_this_host_cannot_do_is_refused_or_told(line: CommandLine) -> None:
    line.write("x.py", "print('ran')\n")
    line.configure(
        'run_config "a" {\n  script = "x.py"\n  container = true\n}\n'
        'run_config "b" {\n  script = "x.py"\n  priority = 3\n  resources {\n'
        '    shm_size = "1GiB"\n  }\n}\n'
    )
    assert "A container needs an environment" in line.run("run", "a", code=125).err
    told = line.run("run", "b").out
    assert "Note: resources.shm_size is for containers" in told
    assert "Note: priority is for targets whose queue knows priorities" in told


def test_secrets_of_expanded_blocks_reach_the_script_and_nothing_else(line: CommandLine) -> None:
    secret = "s3cret-of-an-estimator"
    line.write("aml_config/local.runconfig", "script: x.py\nenvironmentVariables: {OTHER: o}\n")
    line.write("x.py", f"import os\nassert os.environ['KEY'] == {secret[::-1]!r}[::-1]\n")
    line.configure(
        'estimator "generic" "train" {\n  entry_script = "x.py"\n'
        '  environment_variables = { KEY = env_secret("SECRET"), OTHER = "o" }\n'
        '  tags = { hidden = env_secret("SECRET") }\n}\n'
        'run_config "file" {\n  from_runconfig = "aml_config/local.runconfig"\n'
        '  env = { KEY = env_secret("SECRET") }\n  tags = { hidden = env_secret("SECRET") }\n}\n',
        apply=False,
    )
    given = {"SECRET": secret}
    line.run("apply", "-auto-approve", environment=given)
    for name in ("estimator.train", "run_config.file"):
        line.run("run", name, environment=given)
        configuration = line.last().definition["configuration"]
        assert configuration["env"] == {"KEY": None, "OTHER": "o"}
        assert configuration["tags"] == {"hidden": None}
        for shown in (("-json",), (), ("-runconfig",)):
            assert secret not in line.run("show", name, *shown, environment=given).all
    for path in line.data.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
