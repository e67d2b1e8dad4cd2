"""The kind `bench.gadget`: a thing that stands on another block, whatever kind that has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from amlplan.provider import Kind
from amlplan_bench.thing import BenchThing, ThingInputs, ThingOutputs
from amlplan_schemas.base import Behaviour, BlockReference, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.provider import Listed
    from amlplan_schemas.state import Record


class GadgetInputs(ThingInputs):
    """What a test asks of a gadget."""

    on: Annotated[Reference | None, BlockReference("bench"), Behaviour.REPLACE] = None


class BenchGadget(BenchThing):
    """Manages gadgets, which live in the same world."""

    kind = Kind("bench", GadgetInputs, ThingOutputs)

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        return iter(())  # things list all that is in the world
