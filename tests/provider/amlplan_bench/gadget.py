"""The kind `bench.gadget`: a thing that stands on another block, whatever kind that has."""

from __future__ import annotations

from typing import Annotated

from amlplan.provider import Kind
from amlplan_bench.thing import BenchThing, ThingInputs, ThingOutputs
from amlplan_schemas.base import Behaviour, BlockReference, Reference


class GadgetInputs(ThingInputs):
    """What a test asks of a gadget."""

    on: Annotated[Reference | None, BlockReference("bench"), Behaviour.REPLACE] = None


class BenchGadget(BenchThing):
    """Manages gadgets, which live in the same world."""

    kind = Kind("bench", GadgetInputs, ThingOutputs)
