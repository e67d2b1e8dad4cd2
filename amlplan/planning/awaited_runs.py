"""The commands whose runs deferred resources wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.addresses import RUN_BLOCKS
from amlplan.config.azureml.attached import attached_history
from amlplan.wording import in_shell

if TYPE_CHECKING:
    from amlplan.planning.findings import Findings
    from amlplan.planning.want import Wanted


def name_awaited_runs(findings: Findings) -> None:
    """Put the run configurations of the project into the next steps of what waits for a run."""
    configuration = findings.inputs.evaluation.configuration
    attached = attached_history(configuration.root, configuration)
    commands = {
        (owner, history): f"amlplan run {in_shell(_short(address))}"
        for address, wanted in reversed(findings.wanted.items())
        if wanted.block.block in RUN_BLOCKS
        for owner, history in [(_workspace(wanted), _history(wanted, attached))]
    }
    for address, deferred in findings.deferred.items():
        wanted = findings.wanted[findings.origins.get(address, address)]
        for request in wanted.unanswered:
            command = commands.get((_workspace(wanted), request.request.get("history")))
            if command is not None and deferred.next_step.startswith("amlplan run "):
                findings.deferred[address] = deferred.model_copy(update={"next_step": command})


def _workspace(wanted: Wanted) -> str | None:
    owner = wanted.checked.referred.get("workspace")
    return None if owner is None else owner.address


def _history(wanted: Wanted, attached: str | None) -> object:
    values = wanted.checked.values
    return values.get("history") or attached or values.get("name")


def _short(address: str) -> str:
    """The address as `amlplan run` takes it: a label will do in the project's own module."""
    block, _, label = address.partition(".")
    return label if block in RUN_BLOCKS else address
