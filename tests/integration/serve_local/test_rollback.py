"""Going back a revision, staying there, and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.processes import end_process
from harness.deployments import Asking

if TYPE_CHECKING:
    from harness.deployments import Deployed


def revision(deployed: Deployed) -> str:
    active = deployed.status().active
    assert active is not None
    return active.revision


def test_the_revision_before_serves_until_it_is_released(deployed: Deployed) -> None:
    deployed.apply()
    deployed.serve("two").apply()
    with Asking(deployed) as asking:
        told = deployed.run("deployment", "rollback", "prod", "-why=it answers nonsense")
        assert deployed.word() == "one"
    assert asking.failures == []
    assert "amlplan deployment release prod" in told.out
    planned = deployed.run("plan", "-detailed-exitcode", code=2)
    assert "held at revision 1" in planned.out
    assert "it answers nonsense" in planned.out
    assert "amlplan deployment release" in planned.out
    deployed.run("apply", "-auto-approve", code=12)
    assert deployed.word() == "one"
    deployed.run("drift")
    deployed.run("deployment", "release", "prod")
    assert "revision 1 -> 2" in deployed.run("plan", "-detailed-exitcode", code=2).out
    deployed.apply()
    assert deployed.word() == "two"
    assert revision(deployed) == "2"
    assert "was not held" in deployed.run("deployment", "release", "prod").out


def test_a_revision_is_chosen_by_its_number(deployed: Deployed) -> None:
    for word in ("one", "two", "three"):
        deployed.serve(word).apply()
    deployed.run("deployment", "rollback", "prod", "-revision=1")
    assert deployed.word() == "one"
    for name in ("9", "x"):
        refused = deployed.run("deployment", "rollback", "prod", f"-revision={name}", code=12)
        assert "Kept are: 1, 2, 3; the one of now is 1." in refused.err
    deployed.run("deployment", "rollback", "prod", "-revision=3")
    assert deployed.word() == "three"
    assert "init of two" in deployed.run("deployment", "logs", "prod", "-revision=2").out
    deployed.run("deployment", "logs", "prod", "-revision=9", code=12)


def test_a_revision_that_never_served_is_none_to_go_back_to(deployed: Deployed) -> None:
    deployed.apply()
    deployed.serve("two").score("def init(): raise ValueError('two')\ndef run(data): ...\n")
    deployed.run("apply", "-auto-approve", code=12)
    refused = deployed.run("deployment", "rollback", "prod", "-revision=2", code=12)
    assert "Kept are: 1; the one of now is 1." in refused.err
    assert "ValueError: two" in deployed.run("deployment", "logs", "prod", "-revision=2").out
    deployed.serve("three").apply()
    assert revision(deployed) == "2"
    deployed.run("deployment", "rollback", "prod")
    assert deployed.word() == "one"


def test_what_is_no_part_of_a_revision_stays_through_a_rollback(deployed: Deployed) -> None:
    deployed.apply()
    deployed.serve("two", 'replicas = 2\nauth {\nmode = "none"\n}').apply()
    deployed.run("deployment", "rollback", "prod")
    assert deployed.ask(key=None)[1]["word"] == "one"
    deployed.expect_workers(2)
    deployed.run("drift")
    deployed.run("deployment", "release", "prod")
    changed = deployed.run("plan").out
    assert "replicas" not in changed
    assert "auth" not in changed
    deployed.apply()


def test_only_as_many_as_asked_are_kept(deployed: Deployed) -> None:
    more = "rollout {\nkeep = 2\n}"
    for word in ("one", "two", "three"):
        deployed.serve(word, more).apply()
    refused = deployed.run("deployment", "rollback", "prod", "-revision=1", code=12)
    assert "Kept are: 2, 3;" in refused.err


def test_a_server_that_is_down_is_started_for_a_rollback(deployed: Deployed) -> None:
    deployed.apply()
    deployed.serve("two").apply()
    port = deployed.port
    assert end_process(deployed.server(), 0.0)
    deployed.run("deployment", "rollback", "prod")
    assert deployed.port == port
    assert deployed.word() == "one"


def test_a_held_one_that_is_down_comes_back_and_stays_held(deployed: Deployed) -> None:
    deployed.apply()
    deployed.serve("two").apply()
    deployed.run("deployment", "rollback", "prod")
    port = deployed.port
    assert end_process(deployed.server(), 0.0)
    planned = deployed.run("plan", "-detailed-exitcode", code=2).out
    command = "deployment rollback deployment.prod -revision=1"
    assert f"amlplan {command} to have it so again" in planned
    deployed.run(*command.split())
    assert (deployed.word(), deployed.port) == ("one", port)
    deployed.run("drift")
    planned = deployed.run("plan", "-detailed-exitcode", code=2).out
    assert "held at revision 1" in planned
    assert "again" not in planned
    deployed.run("deployment", "release", "prod")
    deployed.apply()
    assert deployed.word() == "two"
