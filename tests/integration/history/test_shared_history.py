"""A workspace whose history is in PostgreSQL, used from several hosts."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.project import Project
from history_support import name_of
from local_workbench import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from services.postgresql import Server

HCL = """
workspace "{name}" {{
  history {{
    store          = "postgresql"
    dsn            = {dsn}
    artifact_store = datastore.shared
  }}
}}

datastore "local" "shared" {{
  path              = "../${{local.folder}}"
  create_if_missing = true
}}

locals {{
  folder = "shared"
}}
"""
TRAIN = """
import os, amlplan_run
print("trained on", os.environ["WHERE"])
amlplan_run.log("loss", 0.5)
open("outputs/model", "w").write(os.environ["WHERE"])
"""
NOWHERE = "postgresql://ana:geheim-geheim@127.0.0.1:1/history"


@dataclass(frozen=True)
class Hosts:
    """Two users' folders, which stand for two hosts; only the artifact store is common."""

    one: Project
    two: Project
    name: str
    dsn: str


def host(tmp_path: Path, name: str, workspace: str, dsn: str) -> Project:
    root = tmp_path / name
    root.mkdir()
    environment = {
        "HOME": str(tmp_path / f"home-{name}"),
        "XDG_DATA_HOME": str(tmp_path / f"data-{name}"),
        "XDG_CACHE_HOME": str(tmp_path / f"cache-{name}"),
        "NO_COLOR": "1",
        "WHERE": name,
        "HISTORY_DSN": dsn,
    }
    project = Project(root, tmp_path / "world", environment)
    project.hcl(HCL.format(name=workspace, dsn='env_secret("HISTORY_DSN")'))
    project.write("train.py", TRAIN)
    return project


@pytest.fixture
def hosts(tmp_path: Path, postgresql: Server) -> Hosts:
    name, dsn = name_of(tmp_path), postgresql.dsn
    return Hosts(host(tmp_path, "one", name, dsn), host(tmp_path, "two", name, dsn), name, dsn)


def test_hosts_share_numbers_runs_outputs_and_logs(hosts: Hosts, tmp_path: Path) -> None:
    for project in (hosts.one, hosts.two):
        project.apply()
        project.run("run", "train.py")
    for project in (hosts.one, hosts.two):
        listed = json.loads(project.run("runs", "list", "-json").out)["runs"]
        assert [run["number"] for run in listed] == [2, 1]
        for number, where in ((1, "one"), (2, "two")):
            assert project.run("runs", "logs", str(number)).out == f"trained on {where}\n"
            shown = json.loads(project.run("runs", "show", str(number), "-json").out)
            assert shown["metrics"]["loss"]["value"] == 0.5
            project.run("runs", "download", str(number), "-to=fetched")
            assert (project.root / "fetched" / "outputs" / "model").read_text() == where
        assert project.run("history", "list").out.split() == ["HISTORY", "RUNS", "train", "2"]
    hosts.one.run("history", "rebuild")
    assert len(json.loads(hosts.two.run("runs", "list", "-json").out)["runs"]) == 2
    password = hosts.dsn.partition("aml:")[2].partition("@")[0]
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert kept
    assert not [path for path in kept if password.encode() in path.read_bytes()]


def test_what_is_only_on_another_host_names_it(hosts: Hosts, tmp_path: Path) -> None:
    hosts.one.write("wait.py", "import time\ntime.sleep(600)\n")
    for project in (hosts.one, hosts.two):
        project.apply()
    hosts.one.run("run", "-detach", "wait.py")
    try:
        found = json.loads(hosts.two.run("runs", "list", "-json").out)["runs"][0]
        assert found["status"] != "Failed"
        for command in (["runs", "logs", "1"], ["runs", "cancel", "1"]):
            refused = hosts.two.run(*command, code=None)
            assert refused.code != 0
            assert f"on {found['host']}" in refused.err
    finally:
        hosts.one.run("runs", "cancel", "1")
    assert json.loads(hosts.two.run("runs", "list", "-json").out)["runs"][0]["status"] == "Canceled"


def test_an_apply_does_without_the_server_and_a_run_does_not(hosts: Hosts) -> None:
    project = hosts.one
    project.environment["HISTORY_DSN"] = NOWHERE
    project.apply()
    refused = project.run("run", "train.py", code=125)
    assert "The history database cannot be reached" in refused.err
    assert "no server listens there" in refused.err
    assert "geheim" not in refused.all
    assert "No such" not in refused.all
    project.hcl((project.root / "main.hcl").read_text() + '\ncompute "local" "here" {}\n')
    project.apply()
    project.environment["HISTORY_DSN"] = hosts.dsn
    project.run("run", "train.py")
    assert len(json.loads(project.run("runs", "list", "-json").out)["runs"]) == 1
    project.environment["HISTORY_DSN"] = NOWHERE
    project.run("destroy", "-auto-approve")


def test_a_run_in_this_folder_keeps_its_target_also_without_the_server(hosts: Hosts) -> None:
    project = hosts.one
    project.write("wait.py", "import time\ntime.sleep(600)\n")
    project.apply()
    project.run("run", "-detach", "wait.py")
    try:
        project.environment["HISTORY_DSN"] = NOWHERE
        assert "Runs are active" in project.run("destroy", "-auto-approve", code=12).err
    finally:
        project.environment["HISTORY_DSN"] = hosts.dsn
        project.run("runs", "cancel", "1")


def test_a_run_is_whole_though_the_server_goes_while_it_runs(
    hosts: Hosts, postgresql: Server
) -> None:
    project = hosts.one
    project.write(
        "wait.py",
        "import amlplan_run, os, time\n"
        "amlplan_run.log('loss', 1)\n"
        "open(os.environ['READY'], 'w').close()\n"
        "while os.path.exists(os.environ['READY']): time.sleep(0.05)\n"
        "amlplan_run.log('loss', 2)\n",
    )
    project.apply()
    ready = project.root.parent / "ready"
    project.environment["READY"] = str(ready)
    with subprocess.Popen(
        project.command("run", "wait.py"),
        cwd=project.root,
        env=project.process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert wait_until(ready.exists, 120)
        postgresql.stop()
        try:
            ready.unlink()
            _, err = running.communicate(timeout=300)
        finally:
            postgresql.start()
    assert running.returncode == 125
    assert "The history database cannot be reached" in err
    shown = json.loads(project.run("runs", "show", "-json").out)
    assert (shown["status"], shown["metrics"]["loss"]["count"]) == ("Completed", 2)


def test_another_password_is_no_change_and_another_place_of_it_no_replacement(
    hosts: Hosts,
) -> None:
    project = hosts.one
    project.apply()
    for dsn in (NOWHERE, ""):
        project.environment["HISTORY_DSN"] = dsn
        assert "No changes." in project.run("plan").out
    project.environment["OTHER_DSN"] = hosts.dsn
    project.hcl(HCL.format(name=hosts.name, dsn='env_secret("OTHER_DSN")'))
    planned = project.run("plan")
    assert "1 to change, 0 to destroy" in planned.out
    missing = project.run("run", "train.py", code=125)
    assert "the environment variable HISTORY_DSN is not set" in missing.err
    project.apply()
    project.run("run", "train.py")


def test_a_workspace_with_content_keeps_it_when_its_history_moves(hosts: Hosts) -> None:
    project = hosts.one
    shared = (project.root / "main.hcl").read_text()
    project.hcl(f'workspace "{hosts.name}" {{\n}}\n')
    project.apply()
    project.run("run", "train.py")
    project.hcl(shared)
    assert "history forces replacement" in project.run("plan").out
    project.apply()
    project.run("run", "train.py")
    assert len(json.loads(project.run("runs", "list", "-json").out)["runs"]) == 1


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ('store = "postgresql"', 'store = "postgresql" needs dsn and artifact_store'),
        ('dsn = env_secret("A")', 'dsn and artifact_store are for store = "postgresql"'),
        (
            'store = "postgresql"\n path = "w"\n dsn = env_secret("A")\n artifact_store = "b"',
            'path is for store = "sqlite"',
        ),
        (
            'store = "postgresql"\n dsn = "postgresql://a:geheim@h/d"\n artifact_store = "b"',
            "takes a secret by its reference alone",
        ),
        (
            'store = "postgresql"\n dsn = "a${env_secret("A")}"\n artifact_store = "b"',
            "takes a secret by its reference alone",
        ),
        (
            'store = "postgresql"\n dsn = env_secret("A")\n artifact_store = datastore.none',
            "datastore.none",
        ),
        (
            'store = "postgresql"\n dsn = env_secret("A")\n artifact_store = datastore.many',
            "cannot be the artifact_store",
        ),
        ('path = env_secret("A")', "takes no sensitive value"),
    ],
)
def test_what_a_history_block_may_not_say(history: str, told: str, project: Project) -> None:
    project.environment["A"] = "postgresql://127.0.0.1:1/d"
    project.hcl(
        f'workspace "main" {{\n history {{\n {history}\n }}\n}}\n'
        'datastore "local" "many" {\n for_each = toset(["a"])\n path = each.key\n}\n'
    )
    refused = project.run("validate", code=10)
    assert told in refused.all.replace("\n", " ")
    assert refused.all.count("Error:") == 1


def test_an_artifact_store_may_be_a_folder_and_its_mistakes_are_told_where_it_stands(
    project: Project,
) -> None:
    project.environment["A"] = NOWHERE
    block = (
        'workspace "main" {{\n history {{\n store = "postgresql"\n dsn = env_secret("A")\n'
        " artifact_store = {}\n }}\n}}\n"
    )
    project.hcl(block.format('"shared"'))
    project.apply()
    assert (project.root / "shared" / "main" / "store").is_dir()
    project.write(
        "stores.hcl", "\n" * 40 + 'datastore "local" "shared" {\n  path = "${1 + true}"\n}\n'
    )
    project.hcl(block.format("(datastore.shared)"))
    refused = project.run("validate", code=10)
    assert "on main.hcl line 5" in refused.all
