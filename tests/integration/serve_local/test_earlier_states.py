"""A state that was written before there were fields for other targets goes on unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from amlplan_schemas.state import State
from amlplan_state.snapshot import encode

if TYPE_CHECKING:
    from harness.deployments import Deployed

NEW: Final = {
    "image": "builder reference registry platform server routes enable_gpu",
    "deployment": "model entry_script source_dir environment cpu memory gpu listen restart tls",
    "environment": "docker",
}
"""The fields that came with them, by kind."""
NEW_PROBES: Final = ("period", "timeout", "failure_threshold")


def without_new_fields(state: dict[str, Any]) -> dict[str, Any]:
    for record in state["records"].values():
        values = record["inputs"]["values"]
        for name in NEW.get(record["kind"], "").split():
            del values[name]
        for name in NEW_PROBES if "probes" in values else ():
            del values["probes"][name]
        assert record["connection"] is None
    return state


def test_images_and_deployments_of_this_host_are_not_touched(deployed: Deployed) -> None:
    deployed.apply()
    server = deployed.server()
    written = json.loads(deployed.run("state", "pull").out)
    earlier = {**without_new_fields(written), "serial": written["serial"] + 1}
    text = encode(State.model_validate(earlier)).decode()
    deployed.project.write("earlier.json", text)
    deployed.run("state", "push", "earlier.json")
    assert "No changes." in deployed.run("plan", "-detailed-exitcode").out
    deployed.run("drift")
    deployed.serve("two").apply()
    assert deployed.word() == "two"
    assert deployed.server() == server
