"""The results of conditions, gathered by the block that states them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.addresses import node_of
from amlplan.cli.documents.objects import object_name
from amlplan_schemas.plan import CheckKind, CheckStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan_schemas.plan import CheckResult

_WORST_FIRST = (CheckStatus.ERROR, CheckStatus.FAIL, CheckStatus.UNKNOWN, CheckStatus.PASS)
_KINDS = {CheckKind.CHECK: "check", CheckKind.OUTPUT: "output_value"}


def check_documents(results: Iterable[CheckResult]) -> Iterator[dict[str, Any]]:
    """The fields of a `Check` for each block, with an instance for each of its objects."""
    blocks: dict[str, dict[str, list[CheckResult]]] = {}
    for result in results:
        blocks.setdefault(node_of(result.address), {}).setdefault(result.address, []).append(result)
    for block, objects in blocks.items():
        instances = [_instance(address, found) for address, found in objects.items()]
        every = [result for found in objects.values() for result in found]
        yield {
            "address": _address(block, every[0]),
            "status": _worst(every),
            "instances": instances,
        }


def _address(block: str, result: CheckResult) -> dict[str, Any]:
    name = object_name(block)
    found: dict[str, Any] = {
        "kind": _KINDS.get(result.kind, "resource"),
        "to_display": block,
        "name": name.label,
    }
    if name.module:
        found["module"] = name.module
    if result.object_kind is not None:
        found |= {"mode": "managed", "type": result.object_kind}
    return found


def _instance(address: str, results: list[CheckResult]) -> dict[str, Any]:
    name = object_name(address)
    place: dict[str, Any] = {"to_display": address}
    if name.module:
        place["module"] = name.module
    if name.key is not None:
        place["instance_key"] = name.key
    found: dict[str, Any] = {"address": place, "status": _worst(results)}
    messages = [text for result in results for text in result.messages]
    if messages:
        found["problems"] = [{"message": text} for text in messages]
    return found


def _worst(results: list[CheckResult]) -> CheckStatus:
    return min((result.status for result in results), key=_WORST_FIRST.index)
