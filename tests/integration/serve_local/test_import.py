"""A deployment that was let go of is taken over again, while it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.deployments import Deployed


def test_a_deployment_is_taken_over_as_it_serves(deployed: Deployed) -> None:
    deployed.apply()
    server, port = deployed.server(), deployed.port
    deployed.run("state", "rm", "deployment.prod")
    result = deployed.run("import", "deployment.prod", "prod")
    assert "1 imported" in result.out
    assert "No changes." in deployed.run("plan", "-detailed-exitcode").out
    assert (deployed.server(), deployed.port) == (server, port)
    assert deployed.word() == "one"
    assert "No drift." in deployed.run("drift").out
    refused = deployed.run("import", "deployment.prod", "other", code=10)
    assert "is managed already" in refused.err
