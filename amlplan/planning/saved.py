"""Saved plans: a file that holds a whole plan and no secret."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_core import from_json

from amlplan import __version__
from amlplan.errors import PlanError, StalePlanError
from amlplan.planning.finished import id_of
from amlplan_schemas.plan import PLAN_FORMAT, Plan

if TYPE_CHECKING:
    from pathlib import Path


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan, whole or not at all, readable by you alone."""
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(plan.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - one atomic step
    except OSError as failure:
        if temporary is not None and os.path.exists(temporary):  # noqa: PTH110
            os.unlink(temporary)  # noqa: PTH108
        raise PlanError(
            "The plan cannot be saved",
            f"{path} could not be written: {failure.strerror}. Name another file, or make room.",
        ) from failure


def read_plan(path: Path) -> Plan:
    """A saved plan; raises StalePlanError for a file that is none, or that somebody changed.

    The plan of another amlplan has fields of its own; whoever applies it tells the version.
    """
    try:
        text = path.read_bytes()
    except OSError as failure:
        raise PlanError(
            "The plan cannot be read",
            f"{path} could not be read: {failure.strerror}. Make one with: amlplan plan -out=FILE",
        ) from failure
    try:
        plan = Plan.model_validate_json(text)
    except ValidationError as failure:
        raise StalePlanError(
            "Not a saved plan",
            f"{path} is no plan of amlplan, or not a whole one. Make one with: "
            "amlplan plan -out=FILE",
        ) from failure
    if plan.format_version > PLAN_FORMAT:
        raise StalePlanError(
            "Plan of a newer amlplan",
            f"{path} has format {plan.format_version}, and this amlplan reads {PLAN_FORMAT}. "
            "Upgrade amlplan, or plan again.",
        )
    if plan.bindings.amlplan_version == __version__ and not _is_as_written(plan, text):
        raise StalePlanError(
            "The saved plan was changed",
            f"{path} is not what amlplan wrote: its id, a digest over all of it, does not fit. "
            "Make it again with: amlplan plan -out=FILE",
        )
    return plan


def _is_as_written(plan: Plan, text: bytes) -> bool:
    """Whether a plan fits its id, and the text has nothing beside it that was not understood."""
    return id_of(plan) == plan.id and from_json(text) == plan.model_dump(mode="json")
