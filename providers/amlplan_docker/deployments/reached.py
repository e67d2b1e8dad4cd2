"""A deployment's engine, checked to be the one that it was made on, and where it runs there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import UnreachableError
from amlplan_docker.deployments.names import Names
from amlplan_docker.deployments.replica import Place
from amlplan_docker.labels import COMMIT, RUN, WORKSPACE
from amlplan_docker.reaching import engine_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Desired, ProviderContext, Targets
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class Reached:
    """An engine and the place of one deployment on it."""

    engine: Engine
    identity: str
    where: Place


def reached_by_record(record: Record, targets: Targets, context: ProviderContext) -> Reached:
    """Where a recorded deployment is; raises UnreachableError where another engine answers."""
    target = _target(targets, record.address)
    recorded = record.outputs.values.get("engine") or target.outputs.values.get("identity")
    workspace = targets.get("workspace")
    labels = {} if workspace is None else {WORKSPACE: workspace.name}
    return _reached(target, str(recorded), Names(record.name, record.identity), labels, context)


def reached_by_name(
    name: str, identity: str, targets: Targets, context: ProviderContext
) -> Reached:
    """Where a deployment is that no record has yet."""
    target = _target(targets, name)
    recorded = str(target.outputs.values["identity"])
    return _reached(target, recorded, Names(name, identity), {}, context)


def reached_by_wish(desired: Desired, context: ProviderContext) -> Reached:
    """Where a desired deployment belongs."""
    target = _target(desired.targets, desired.address)
    names = Names(desired.name, desired.identity)
    labels = {WORKSPACE: desired.targets["workspace"].name, **_origin(desired.targets)}
    return _reached(target, str(target.outputs.values["identity"]), names, labels, context)


def _reached(
    target: Record,
    recorded: str,
    names: Names,
    labels: Mapping[str, str],
    context: ProviderContext,
) -> Reached:
    engine = engine_of(target, context)
    found = engine.identity()
    if recorded != found:
        raise UnreachableError(
            "The engine is another one",
            f"The deployment is on the engine {recorded}, and {engine.address.url}, which "
            f"{target.address} leads to, is {found}. Correct `connection`, or what DOCKER_HOST "
            "says.",
        )
    network = str(target.outputs.values["network_name"])
    return Reached(engine, recorded, Place(names, network, {**names.labels, **labels}))


def _target(targets: Targets, address: str) -> Record:
    target = targets.get("target")
    if target is None or not target.outputs.values:
        raise UnreachableError(
            "The target is not known",
            f"{address} runs on a target that is not in the state, so nothing can be told of it.",
        )
    return target


def _origin(targets: Targets) -> dict[str, str]:
    """The run and the commit that a model of its image is from, where it has one model."""
    image = targets["image"].outputs.values
    models = [item for item in image.get("model_versions", ()) if item.get("run_id")]
    if len(models) != 1:
        return {}
    found = {RUN: models[0]["run_id"], COMMIT: models[0].get("commit")}
    return {name: str(value) for name, value in found.items() if value}
