"""The lines of `-json` of plan, apply and destroy: one JSON object each, with Terraform's types.

`deferred`, `blocked` and `apply_skipped` are of amlplan's own, as is what stands in `x_amlplan`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from amlplan_schemas.base import JsonValue
from amlplan_schemas.diagnostics import DiagnosticReport
from amlplan_schemas.plan import DriftClass, FieldChange, Reason, Risk
from amlplan_schemas.plan_output import Importing, Printed

STREAM_VERSION: Literal["1.0"] = "1.0"

PlannedAction = Literal["noop", "create", "update", "replace", "delete", "forget", "move", "import"]
StreamReason = Literal[
    "cannot_update",
    "tainted",
    "requested",
    "replace_triggered_by",
    "delete_because_no_resource_config",
    "delete_because_no_module",
    "delete_because_wrong_repetition",
    "delete_because_count_index",
    "delete_because_each_key",
]


class Line(Printed):
    """What every line has."""

    level: Literal["info", "warn", "error"] = Field(alias="@level")
    message: str = Field(alias="@message", description="For people.")
    module: Literal["amlplan.ui"] = Field(alias="@module")
    timestamp: str = Field(alias="@timestamp", description="RFC 3339, with the zone.")


class StreamResource(Printed):
    """The object that a line is about."""

    addr: str
    module: str = Field(description="The address of its module, empty for the root.")
    resource: str = Field(description="The address without the module.")
    resource_type: str = Field(
        description="The kind, as in `datastore.local`; the type of block where that is not known."
    )
    resource_name: str = Field(description="The label.")
    resource_key: str | int | None
    implied_provider: str = Field(description="What the kind's name begins with.")


class VersionLine(Line):
    """The first line."""

    type: Literal["version"]
    amlplan: str
    ui: Literal["1.0"] = Field(description="The version of this format.")


class LogLine(Line):
    """Something for people."""

    type: Literal["log"]
    address: str | None = None
    code: str | None = None


class PlannedDetails(Printed):
    """The field diff of an operation, and what amlplan says of it."""

    key: str
    reason: Reason
    risk: Risk
    actions: tuple[str, ...] = Field(description="As in the plan's document.")
    calls_provider: bool
    note: str | None = None
    changes: tuple[FieldChange, ...]


class PlannedChange(Printed):
    """One planned operation."""

    resource: StreamResource
    previous_resource: StreamResource | None = None
    action: PlannedAction
    reason: StreamReason | None = None
    importing: Importing | None = None
    x_amlplan: PlannedDetails | None = None


class PlannedChangeLine(Line):
    """Apply would do this."""

    type: Literal["planned_change"]
    change: PlannedChange


class DriftedDetails(Printed):
    """How the object differs."""

    drift_class: DriftClass
    reason: str
    changes: tuple[FieldChange, ...]


class DriftedChange(Printed):
    """One object that is not as the last apply left it."""

    resource: StreamResource
    action: Literal["update", "delete"]
    x_amlplan: DriftedDetails


class ResourceDriftLine(Line):
    """Somebody else changed or deleted this."""

    type: Literal["resource_drift"]
    change: DriftedChange


class Waits(Printed):
    """What cannot be planned, why, and what makes it possible."""

    resource: StreamResource
    reason: str
    next_step: str


class DeferredLine(Line):
    """This cannot be planned yet, without any fault."""

    type: Literal["deferred"]
    deferred: Waits


class BlockedLine(Line):
    """This would change, and must not."""

    type: Literal["blocked"]
    blocked: Waits


class ChangeCounts(Printed):
    """How many objects; a replacement is one added and one removed."""

    add: int = Field(ge=0)
    change: int = Field(ge=0)
    remove: int = Field(ge=0)
    import_: int = Field(ge=0, alias="import")
    operation: Literal["plan", "apply", "destroy"]


class ChangeSummaryLine(Line):
    """The end of a plan or of an apply."""

    type: Literal["change_summary"]
    changes: ChangeCounts


class StreamOutput(Printed):
    """An output that changes, or as it is after an apply."""

    sensitive: bool
    action: Literal["create", "update", "delete"] | None = None
    value: JsonValue = None


class OutputsLine(Line):
    """The outputs: what becomes of them, or, after an apply, their values, null where sensitive."""

    type: Literal["outputs"]
    outputs: dict[str, StreamOutput]


class Hook(Printed):
    """A step of an operation under way."""

    resource: StreamResource
    action: str = Field(description="create, update, delete, forget or another word for a step.")


class StartHook(Hook):
    """A step begins."""

    id_key: Literal["name"]
    id_value: str


class ProgressHook(Hook):
    """A step goes on."""

    elapsed_seconds: int = Field(ge=0)
    note: str | None = Field(default=None, description="What its provider says.")


class CompleteHook(Hook):
    """A step succeeded."""

    elapsed_seconds: int = Field(ge=0)
    id_key: Literal["id"] | None = None
    id_value: str | None = None


class ErroredHook(Hook):
    """A step failed; a diagnostic follows."""

    elapsed_seconds: int = Field(ge=0)


class SkippedHook(Printed):
    """An operation was not begun."""

    resource: StreamResource
    because: str = Field(description="The address that failed, or `interrupted`.")


class RefreshHook(Printed):
    """An object that is looked at."""

    resource: StreamResource
    id_key: Literal["id"] | None = None
    id_value: str | None = None


class ApplyStartLine(Line):
    """A step begins."""

    type: Literal["apply_start"]
    hook: StartHook


class ApplyProgressLine(Line):
    """A step goes on: every ten seconds, and when its provider says something."""

    type: Literal["apply_progress"]
    hook: ProgressHook


class ApplyCompleteLine(Line):
    """A step succeeded and is recorded."""

    type: Literal["apply_complete"]
    hook: CompleteHook


class ApplyErroredLine(Line):
    """A step failed."""

    type: Literal["apply_errored"]
    hook: ErroredHook


class ApplySkippedLine(Line):
    """An operation was not begun."""

    type: Literal["apply_skipped"]
    hook: SkippedHook


class RefreshStartLine(Line):
    """An object is looked at."""

    type: Literal["refresh_start"]
    hook: RefreshHook


class RefreshCompleteLine(Line):
    """An object was looked at."""

    type: Literal["refresh_complete"]
    hook: RefreshHook


class DiagnosticLine(Line):
    """An error or a warning."""

    type: Literal["diagnostic"]
    diagnostic: DiagnosticReport


class StreamLine(
    RootModel[
        Annotated[
            VersionLine
            | LogLine
            | PlannedChangeLine
            | ResourceDriftLine
            | DeferredLine
            | BlockedLine
            | ChangeSummaryLine
            | OutputsLine
            | ApplyStartLine
            | ApplyProgressLine
            | ApplyCompleteLine
            | ApplyErroredLine
            | ApplySkippedLine
            | RefreshStartLine
            | RefreshCompleteLine
            | DiagnosticLine,
            Field(discriminator="type"),
        ]
    ]
):
    """One line of `-json` of plan, apply and destroy."""
