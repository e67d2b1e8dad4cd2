"""What a repeated run needs beside what was recorded: secrets, and an environment that is gone."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.project.run_request import RUN_CONFIG, Asked, requested
from amlplan.project.workspaces import has_configuration
from amlplan.runs.recorded_request import has_webhook, request_again, secrets_in

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from amlplan.config.evaluating.variables import Assignment
    from amlplan.events import EventSink
    from amlplan.history import RunDetail
    from amlplan.runs.request import RunRequest


def repeated_request(
    run: RunDetail,
    assignments: Sequence[Assignment],
    progress: EventSink,
    stop: threading.Event,
    root: Path,
) -> RunRequest:
    """The request that a run was started by, once more.

    Secrets are had anew from the run_config that it came from, since they are recorded nowhere;
    so is its environment where that was removed since, and is still the same. Raises AmlplanError.
    """
    secrets = secrets_in(run)
    request = request_again(run, {})
    is_there = request.script is None or _is_there(request.interpreter)
    if is_there and not secrets and not has_webhook(run):
        return request
    name = run.definition.get(RUN_CONFIG)
    if name is None or not has_configuration(root):
        missing = "its secrets" if is_there else f"its Python, {request.interpreter},"
        raise _cannot(run, f"{missing} cannot be had from a run_config of {root}")
    now, _, _ = requested(Asked(str(name), assignments=assignments), progress, stop, root)
    if not is_there:
        if now.definition.get("environment") != run.definition.get("environment"):
            raise _cannot(run, f"its environment is gone, and that of run_config {name} is another")
        request = replace(request, interpreter=now.interpreter)
    lost = [secret for secret in secrets if secret not in now.secrets]
    if lost:
        raise _cannot(run, f"run_config {name} has no secret {', '.join(lost)} any more")
    return replace(
        request,
        secrets={secret: now.secrets[secret] for secret in secrets},
        webhook=now.webhook,
    )


def _is_there(interpreter: str) -> bool:
    return shutil.which(interpreter) is not None or os.access(interpreter, os.X_OK)


def _cannot(run: RunDetail, why: str) -> RunError:
    return RunError(
        "The run cannot be repeated",
        f"{run.summary.id} would not be the same: {why}. Start it anew with: amlplan run",
    )
