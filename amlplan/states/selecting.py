"""The records that an address means: one, all of a block, or all of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.addresses import Address, covers, parse_address
from amlplan.errors import PlanError
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.state import Record


def address_of(text: str) -> Address:
    """The parts of an address that somebody typed; raises PlanError where it is none."""
    address = parse_address(text)
    if address is None:
        raise PlanError(
            "Not an address",
            f"{text} is not the address of a block or a module. Write it as `amlplan state list` "
            "does, as in model.ridge, 'model.team[\"a\"]' or module.store.",
        )
    return address


def selected(records: Mapping[str, Record], text: str) -> list[str]:
    """The recorded addresses that a text means, sorted; raises PlanError where it means none.

    An object that is there under this very name is meant alone.
    """
    wanted = address_of(text)
    found = [text] if text in records else [name for name in records if _is_in(name, wanted)]
    if not found:
        raise not_recorded(records, text)
    return sorted(found)


def not_recorded(records: Mapping[str, Record], text: str) -> PlanError:
    """What to tell somebody who names what is not in the state."""
    hint = suggestion(text, list(records))
    return PlanError(
        "Not in the state", f"Nothing is recorded at {text}.{hint} See: amlplan state list"
    )


def _is_in(name: str, wanted: Address) -> bool:
    address = parse_address(name)
    return address is not None and covers(wanted, address)
