"""A report as GitLab shows it in a merge request: how many objects an apply would touch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlplan.cli.reports.report import Report


def gitlab(report: Report) -> str:
    """What `artifacts:reports:terraform` reads."""
    counts = report.counts
    values = {"create": counts.create, "update": counts.update, "delete": counts.delete}
    return json.dumps(values) + "\n"
