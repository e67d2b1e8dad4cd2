"""Saved plans: a file that holds a whole plan and no secret."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from pydantic import ValidationError

from amlplan.errors import PlanError
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
    """A saved plan; raises PlanError for a file that is none."""
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
        raise PlanError(
            "Not a saved plan",
            f"{path} is no plan of amlplan, or not a whole one. Make one with: "
            "amlplan plan -out=FILE",
        ) from failure
    if plan.format_version > PLAN_FORMAT:
        raise PlanError(
            "Plan of a newer amlplan",
            f"{path} has format {plan.format_version}, and this amlplan reads {PLAN_FORMAT}. "
            "Upgrade amlplan, or plan again.",
        )
    return plan
