"""Variables that are secrets reach the workers, and no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.processes import end_process

if TYPE_CHECKING:
    from harness.deployments import Deployed

SECRET, OTHER = "canary-one-5d1", "canary-two-8e2"
ENV = 'env = { TOKEN = env_secret("THE_TOKEN"), PLAIN = "plain" }'


def given(deployed: Deployed, value: str) -> None:
    deployed.project.environment["THE_TOKEN"] = value


def test_a_secret_reaches_the_workers_and_no_file(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.deployment(ENV).apply()
    assert deployed.variable("TOKEN") == SECRET
    assert deployed.variable("PLAIN") == "plain"
    deployed.run("plan", "-out=it.plan")
    assert deployed.files_with(SECRET) == []


def test_another_secret_is_a_new_revision_and_other_workers_are_none(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.deployment(ENV).apply()
    deployed.deployment(f"{ENV}\nreplicas = 2")
    assert "revision 1 -> 2" not in deployed.run("plan").out
    deployed.apply()
    active = deployed.status().active
    assert active is not None
    assert (active.revision, active.workers_wanted) == ("1", 2)
    given(deployed, OTHER)
    assert OTHER not in deployed.run("plan").out
    deployed.apply()
    active = deployed.status().active
    assert active is not None
    assert active.revision == "2"
    assert deployed.variable("TOKEN") == OTHER
    assert deployed.files_with(OTHER) == []


def test_a_killed_server_gets_the_secret_again(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.deployment(ENV).apply()
    assert end_process(deployed.server(), 0.0)
    deployed.apply()
    assert deployed.variable("TOKEN") == SECRET
    active = deployed.status().active
    assert active is not None
    assert active.revision == "1"


def test_a_rollback_gets_the_secrets_of_now(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.deployment(ENV).apply()
    deployed.serve("two", ENV).apply()
    deployed.run("deployment", "rollback", "prod")
    assert deployed.word() == "one"
    assert deployed.variable("TOKEN") == SECRET
    assert deployed.files_with(SECRET) == []
    deployed.run("deployment", "release", "prod")
    deployed.apply()
    assert deployed.word() == "two"


def test_a_rollback_refuses_where_a_secret_is_not_known_any_more(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.deployment(ENV).apply()
    deployed.serve("two").apply()
    refused = deployed.run("deployment", "rollback", "prod", code=12)
    assert "was given TOKEN as a secret" in refused.err
    assert deployed.word() == "two"
    deployed.run("plan", "-detailed-exitcode")


def test_after_a_rollback_to_before_a_secret_plans_know_what_it_lacks(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.apply()
    deployed.deployment(ENV).apply()
    deployed.run("deployment", "rollback", "prod")
    assert deployed.variable("TOKEN") is None
    deployed.run("deployment", "release", "prod")
    assert "TOKEN" in deployed.run("plan").out
    deployed.apply()
    assert deployed.variable("TOKEN") == SECRET


def test_a_rollback_refuses_a_secret_that_it_cannot_make_again(deployed: Deployed) -> None:
    given(deployed, SECRET)
    deployed.deployment('env = { TOKEN = "Bearer ${env_secret("THE_TOKEN")}" }').apply()
    assert deployed.variable("TOKEN") == f"Bearer {SECRET}"
    deployed.serve("two", 'env = { TOKEN = "Bearer ${env_secret("THE_TOKEN")}" }').apply()
    refused = deployed.run("deployment", "rollback", "prod", code=1)
    assert "env.TOKEN" in refused.err
    assert "several values" in refused.err
    assert deployed.word() == "two"
    assert deployed.files_with(SECRET) == []
