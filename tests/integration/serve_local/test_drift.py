"""What happens to a deployment outside is seen for what it is, and repaired."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

from amlplan.processes import end_process, signal_process
from amlplan_local import identity
from harness.deployments import wait_until

if TYPE_CHECKING:
    import pytest

    from harness.deployments import Deployed


def test_a_killed_server_is_drift_and_comes_back_on_its_port(deployed: Deployed) -> None:
    deployed.apply()
    port = deployed.port
    assert end_process(deployed.server(), 0.0)
    wait_until(lambda: not deployed.workers(), "the end of the workers")
    seen = deployed.run("drift", code=2).out
    assert '"healthy" -> "not running"' in seen
    planned = deployed.run("plan").out
    assert "will be updated" in planned
    assert "revision 1 -> " not in planned
    refused = deployed.run("deployment", "score", "prod", "-data={}", code=None)
    assert "does not answer" in refused.err
    assert "amlplan apply" in refused.err
    deployed.apply()
    assert deployed.port == port
    assert deployed.word() == "one"
    deployed.expect_workers(1)


def test_a_server_that_does_not_answer_is_unhealthy_and_never_missing(deployed: Deployed) -> None:
    deployed.apply()
    stopped = deployed.server()
    assert signal_process(stopped, signal.SIGSTOP)
    seen = deployed.run("drift", code=2).out
    assert '"healthy" -> "unhealthy"' in seen
    assert "deployment.prod will be updated" in deployed.apply().out
    assert deployed.server() != stopped
    assert deployed.word() == "one"
    deployed.expect_workers(1)


def test_a_worker_that_dies_is_no_drift(deployed: Deployed) -> None:
    deployed.apply()
    [worker] = deployed.workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: deployed.workers() not in ([], [worker]), "another worker")
    wait_until(lambda: (active := deployed.status().active) and active.workers_ready, "its init")
    deployed.run("drift")
    deployed.run("plan", "-detailed-exitcode")
    assert deployed.word() == "one"


def test_keys_that_somebody_wrote_are_drift_and_then_serve(deployed: Deployed) -> None:
    deployed.apply()
    theirs = {"primary": "their-first-key", "secondary": "their-second-key"}
    path = deployed.folder / "keys.json"
    path.write_text(json.dumps(theirs))
    assert "keys" in deployed.run("drift", code=2).out
    deployed.apply()
    assert deployed.ask(key="their-first-key")[0] == 200


def test_keys_that_are_gone_or_broken_are_told(deployed: Deployed) -> None:
    deployed.apply()
    path = deployed.folder / "keys.json"
    path.unlink()
    assert "The keys are gone" in deployed.run("deployment", "keys", "show", "prod", code=12).err
    assert not path.exists()
    assert "keys" in deployed.run("drift", code=2).out
    deployed.apply()
    assert deployed.ask()[0] == 200
    path.write_text("garbage")
    deployed.run("drift", code=2)
    failed = deployed.run("apply", "-auto-approve", code=12)
    assert "Delete it" in failed.err
    path.unlink()
    deployed.apply()
    path.chmod(0o644)
    deployed.run("drift", code=2)
    failed = deployed.run("apply", "-auto-approve", code=12)
    assert "set its mode to 0600" in failed.err
    path.chmod(0o600)
    deployed.apply()
    assert deployed.word() == "one"


def test_a_folder_that_is_gone_is_made_again_and_the_old_server_ends(deployed: Deployed) -> None:
    deployed.apply()
    shutil.rmtree(deployed.folder)
    assert "deployment.prod was deleted" in deployed.run("drift", code=2).out
    deployed.apply()
    assert deployed.word() == "one"
    wait_until(lambda: len(deployed.servers()) == 1, "the end of the server nobody knows of")
    wait_until(lambda: len(deployed.workers()) == 1, "the end of its workers")


def test_a_document_that_is_broken_is_no_reason_to_make_another(deployed: Deployed) -> None:
    deployed.apply()
    path = deployed.folder / "deployment.json"
    kept = path.read_bytes()
    path.write_text("garbage")
    for command in ("plan", "drift"):
        told = deployed.run(command, code=None)
        assert told.code != 0
        assert "is not what amlplan wrote" in told.all
        assert "Traceback" not in told.all
    path.write_bytes(kept)
    deployed.run("drift")


def test_another_host_and_another_user_plan_nothing(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.apply()
    server = deployed.server()
    deployed.project.environment["LOGNAME"] = "ana"
    with monkeypatch.context() as patch:
        patch.setattr(identity, "machine_id", lambda: "another machine")
        _expect_unreachable(deployed)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: 4711)
        _expect_unreachable(deployed)
    assert deployed.server() == server
    deployed.run("drift")


def _expect_unreachable(deployed: Deployed) -> None:
    planned = deployed.run("plan", "-detailed-exitcode", code=None)
    assert planned.code == 2
    assert "will be" not in planned.out
    assert "deployment.prod" in planned.out
    for command in (
        ("score", "prod", "-data={}"),
        ("logs", "prod"),
        ("keys", "show", "prod"),
        ("keys", "rotate", "prod"),
        ("rollback", "prod"),
    ):
        refused = deployed.run("deployment", *command, code=None)
        assert refused.code != 0
        assert "another" in refused.err, refused.err
