"""Logged models of earlier runs, as their event files have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_endpoint.answers import MISSING, Refusal
from amlplan_endpoint.event_lines import EventLines
from amlplan_endpoint.names import told

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.service import Service


def past_model(service: Service, model_id: str) -> Json:
    """The last event of a logged model; raises Refusal where there is none of that id."""
    run = told(model_id.removeprefix("m-").rpartition("-m")[0], service.run_id).partition(".")[0]
    found: Json | None = None
    if run and "/" not in run and run != service.run_id:
        for event in EventLines(service.workspace / "runs" / run / "events").new():
            if event.get("type") == "model" and event.get("model_id") == model_id:
                found = event
    if found is None:
        raise Refusal(MISSING, f"There is no logged model {model_id!r} here.")
    return {"run": run, **found}
