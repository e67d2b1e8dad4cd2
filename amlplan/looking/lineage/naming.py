"""What people call the nodes of lineage, and which node a name means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.looking.lineage.world import node_of
from amlplan.wording import few, suggestion

if TYPE_CHECKING:
    from amlplan.history import RunSummary
    from amlplan.looking.lineage.world import World

_KINDS = frozenset({"snapshot", "commit", "environment", "image", "deployment", "input"})
_SHOWN_OF_DIGEST = 12
UP = {
    "registered": "registered from",
    "in": "holds",
    "serves": "serves",
    "rerun": "repeats",
    "resumed": "goes on from",
    "snapshot": "its files",
    "commit": "at",
    "environment": "ran in",
    "image": "in a container of",
    "target": "ran on",
    "run_config": "as said by",
    "input": "read",
    "parent": "belongs to",
    "refers": "refers to",
}
DOWN = {
    "registered": "registered as",
    "in": "is in",
    "serves": "served by",
    "rerun": "repeated by",
    "resumed": "gone on with by",
    "snapshot": "files of",
    "commit": "ran as",
    "environment": "used by",
    "image": "used by",
    "target": "used by",
    "run_config": "ran as",
    "input": "read by",
    "parent": "has child",
    "refers": "referred to by",
}


def node_named(world: World, name: str) -> str:
    """The node that a name means; raises AmlplanError.

    A name is an address of the state, a version of a model (`digits`, `digits:3`), a run
    (`run:ID`, `run:3`, `run:latest`, or its whole id), or a node as lineage shows it.
    """
    if name in world.records:
        return node_of(world.records[name])
    kind, colon, rest = name.partition(":")
    if colon and kind == "run":
        return f"run:{world.history.run(rest).summary.id}"
    found = _version(world, name.removeprefix("model:") if kind == "model" else name)
    if found is not None:
        return found
    if colon and kind in _KINDS:
        return _whole(world, kind, name)
    if world.run(name) is not None:
        return f"run:{name}"
    if name.startswith("run_config."):
        return name
    raise _unknown(world, name)


def _version(world: World, name: str) -> str | None:
    model, colon, which = name.partition(":")
    versions = world.models.get(model)
    if not versions:
        return None
    fitting = [each for each in versions if which in {str(each.version), *each.aliases}]
    if colon and not fitting:
        known = ", ".join(str(each.version) for each in versions)
        raise RunError("No such version", f"{model} has no version {which}; it has {known}.")
    return f"model:{model}:{(fitting or versions)[-1].version}"


def _whole(world: World, kind: str, name: str) -> str:
    """A node of which the beginning may be given, as of a commit or a digest."""
    if world.history.lineage(name, "up") or world.history.lineage(name, "down"):
        return name
    known = {node for node in world.addresses if node.startswith(f"{kind}:")}
    for run in world.runs:
        value = run.definition.get(kind)
        known |= {f"{kind}:{value}"} if isinstance(value, str) else set()
        if kind == "input":
            inputs = run.definition.get("inputs") or {}
            known |= {f"input:{item['path']}" for item in inputs.values() if "path" in item}
    bare = name.removeprefix(f"{kind}:").removeprefix("sha256:")
    found = sorted(
        node
        for node in known
        if node.removeprefix(f"{kind}:").removeprefix("sha256:").startswith(bare)
    )
    if name in known:
        return name
    if len(found) == 1 and bare:
        return found[0]
    raise (
        _unknown(world, name)
        if not found
        else RunError("Several are called so", f"{name} fits {few(found)}. Give more of it.")
    )


def _unknown(world: World, name: str) -> RunError:
    known = [*world.records, *world.models, *(f"model:{each}" for each in world.models)]
    latest = [run.id for run in world.history.runs(limit=200)]
    hint = suggestion(name, [*known, *latest])
    return RunError(
        "Nothing is called so",
        f"{name} is no address in the state, no registered model and no run.{hint} Name an address "
        "as in deployment.api, a model as in digits:3, a run as in run:latest, or snapshot:ID, "
        "commit:ID and the like as this command shows them.",
    )


def label_of(world: World, node: str) -> str:
    """A node as people speak of it."""
    kind, _, rest = node.partition(":")
    address = world.addresses.get(node)
    known = f" ({address})" if address is not None and address != node else ""
    if kind == "run" and rest:
        run = world.run(rest)
        return _run_label(run.summary) if run is not None else f"run {rest} (cleared away)"
    if kind == "deployment" and rest:
        name, _, revision = rest.rpartition(":")
        return f"deployment {name}, revision {revision}{known}"
    if kind in {"snapshot", "image", "environment", "commit"} and rest:
        bare = rest.removeprefix("sha256:")
        return f"{kind} {bare[:_SHOWN_OF_DIGEST]}{known}"
    return f"{kind} {rest}{known}" if rest else node


def _run_label(run: RunSummary) -> str:
    if run.number is None:
        return f"run {run.id} ({run.name}, {run.status})"
    return f"run {run.number} of {run.history} ({run.name}, {run.status}, {run.id})"
