"""What a plan asks of the outside beside its own objects: offers, what is awaited, attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic, error
from amlplan.errors import AmlplanError
from amlplan.provider import Attaches, Missing, Offers, Present, has
from amlplan.wording import in_shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.planning.want import Wanted
    from amlplan.provider import LockRequest, Reads, Unreachable
    from amlplan_schemas.state import Record

TAKE_IT = "amlplan lock"


def awaited(provider: Reads, request: LockRequest, wanted: Wanted) -> tuple[str, str]:
    """Why a request that is not required has no answer, and the next step towards one."""
    unusable = wanted.unusable.get(request.key)
    if not request.follows and has(provider, Offers):
        try:
            current = provider.current(request, wanted.draft)
        except AmlplanError as failure:
            return f"whether there is a {request.type} is not known: {failure}", TAKE_IT
        if current is not None and provider.lacks(current, wanted.draft) is None:
            there = provider.offer(None, current)
            if there is not None and unusable is not None:
                return (
                    f"{unusable}; {there}",
                    f"{TAKE_IT} -upgrade {in_shell(wanted.block.address)}",
                )
            if there is not None:
                return there, TAKE_IT
    why = unusable or request.absent or f"no {request.type} yet"
    history = request.request.get("history")
    if history is None:
        return why, TAKE_IT
    return why, f"amlplan run SCRIPT -history={history}"


def offers(provider: Reads, wanted: Wanted) -> Iterator[str]:
    """What the outside has beside the locked answers, with the command that takes it."""
    if not has(provider, Offers):
        return
    for request in wanted.requests:
        if request.follows:
            continue
        try:
            current = provider.current(request, wanted.draft)
        except AmlplanError as failure:
            yield f"whether there is a better {request.type} is not known: {failure}"
            continue
        locked = wanted.draft.lock[request.key]
        text = None if current is None else provider.offer(locked, current)
        if text is not None:
            yield f"{text}. To take it: {_upgrade(wanted)}"


def _upgrade(wanted: Wanted) -> str:
    return f"{TAKE_IT} -upgrade {in_shell(wanted.block.address)}"


def attached(
    wanted: Wanted, record: Record | None, provider: Reads
) -> Present | Unreachable | Diagnostic:
    """The object that a block with `attach = true` reads, or what is wrong with the block."""
    if record is not None:
        why = "This state manages it already, so it cannot be attached too. Take attach out"
        return _cannot_attach(wanted, f"{why}, or destroy it here first.")
    if not has(provider, Attaches):
        return _cannot_attach(wanted, f"Blocks of {wanted.block.kind} cannot be attached.")
    try:
        observed = provider.attach(wanted.draft)
    except AmlplanError as failure:
        return _cannot_attach(wanted, str(failure))
    if isinstance(observed, Missing):
        what = f"There is no {wanted.block.block} {wanted.draft.name} to attach"
        return _cannot_attach(wanted, f"{what}. Correct its name or its place, or apply it first.")
    return observed


def _cannot_attach(wanted: Wanted, detail: str) -> Diagnostic:
    block = wanted.block
    return error(
        "cannot_attach",
        "Nothing to attach",
        detail,
        block.header,
        context=block.context,
        address=block.address,
    )
