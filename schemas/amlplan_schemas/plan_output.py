"""The plan as programs read it: what `show -json PLAN` prints, in the shape that Terraform gave it.

Everything of amlplan's own stands in objects called `x_amlplan`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from amlplan_schemas.base import JsonValue
from amlplan_schemas.plan import (
    Blocked,
    CheckStatus,
    Deferred,
    DriftClass,
    FieldChange,
    Mode,
    Note,
    PlanOptions,
    Reason,
    Risk,
)

PLAN_OUTPUT_FORMAT: Literal["1.2"] = "1.2"

ChangeAction = Literal["no-op", "create", "update", "delete", "forget"]
ActionReason = Literal[
    "replace_because_cannot_update",
    "replace_because_tainted",
    "replace_by_request",
    "replace_by_triggers",
    "delete_because_no_resource_config",
    "delete_because_no_module",
    "delete_because_wrong_repetition",
    "delete_because_count_index",
    "delete_because_each_key",
]


class Printed(BaseModel):
    """A frozen model of what is printed; fields that are not set are left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Importing(Printed):
    """What is taken over."""

    id: str


class Change(Printed):
    """What becomes of an object or output: both sides, and marks beside them.

    Marks have the form of the side that they are about, with true where they hold; what they do
    not hold for is left out, or false in a list.
    """

    actions: tuple[ChangeAction, ...] = Field(
        description='Two where it is replaced: ["delete", "create"] or ["create", "delete"].'
    )
    before: JsonValue = Field(description="Null at sensitive leaves.")
    after: JsonValue = Field(description="Null at sensitive and unknown leaves.")
    after_unknown: JsonValue = Field(description="What is known after apply only.")
    before_sensitive: JsonValue
    after_sensitive: JsonValue
    replace_paths: tuple[tuple[str | int, ...], ...] = Field(
        default=(), description="The fields that force a replacement."
    )
    importing: Importing | None = None


class ChangeDetails(Printed):
    """What amlplan knows of an operation beyond Terraform's shape."""

    key: str = Field(description="Tells the operations of one address apart.")
    reason: Reason
    risk: Risk
    stage: int = Field(
        ge=1, description="From 1; it begins after those of earlier stages it needs."
    )
    name: str = Field(description="What the object is called outside.")
    generation: int
    calls_provider: bool = Field(description="False where only the state is written.")
    note: str | None = None
    depends_on: tuple[str, ...]
    expected: dict[str, JsonValue] = Field(description="Foreseen outputs, without promise.")
    changes: tuple[FieldChange, ...] = Field(description="Each leaf that differs.")


class ObjectIdentity(Printed):
    """Which object of the configuration something is about."""

    address: str
    module_address: str | None = None
    mode: Literal["managed"]
    type: str = Field(description="The kind, as in `datastore.local`.")
    name: str = Field(description="The label.")
    index: str | int | None = Field(default=None, description="The key, of one of several.")


class ResourceChange(ObjectIdentity):
    """One operation, or an object that is moved or taken over without any."""

    previous_address: str | None = None
    provider_name: str | None = None
    deposed: str | None = Field(
        default=None, description="The generation of the object that was replaced and is deleted."
    )
    change: Change
    action_reason: ActionReason | None = None
    x_amlplan: ChangeDetails | None = None


class DriftDetails(Printed):
    """How an object differs from what the last apply left."""

    drift_class: DriftClass
    reason: str
    changes: tuple[FieldChange, ...]


class ResourceDrift(ObjectIdentity):
    """An object that somebody else changed or deleted."""

    change: Change
    x_amlplan: DriftDetails


class CheckAddress(Printed):
    """What states conditions."""

    kind: Literal["resource", "check", "output_value"]
    to_display: str
    name: str
    module: str | None = None
    mode: Literal["managed"] | None = None
    type: str | None = None


class CheckInstanceAddress(Printed):
    """One of several objects that one block stands for."""

    to_display: str
    module: str | None = None
    instance_key: str | int | None = None


class CheckProblem(Printed):
    """What the configuration says where a condition does not hold."""

    message: str


class CheckInstance(Printed):
    """The conditions of one object."""

    address: CheckInstanceAddress
    status: CheckStatus
    problems: tuple[CheckProblem, ...] = ()


class Check(Printed):
    """The conditions of one block, in each of its objects."""

    address: CheckAddress
    status: CheckStatus
    instances: tuple[CheckInstance, ...]


class PlannedStep(Printed):
    """When an operation can begin."""

    stage: int = Field(ge=1)
    key: str
    address: str
    actions: tuple[ChangeAction, ...]
    after: tuple[str, ...] = Field(description="The keys of the operations that come first.")


class PlanDigests(Printed):
    """What the plan was made from."""

    plan: str = Field(description="The id of the plan: a digest over all of it.")
    configuration: dict[str, str] = Field(description="By file.")
    lock: str | None


class PlanDetails(Printed):
    """What amlplan knows of a plan beyond Terraform's shape."""

    mode: Mode
    risk: Risk = Field(description="The highest of any operation.")
    lineage: str | None
    serial: int
    unchanged: int
    digests: PlanDigests
    steps: tuple[PlannedStep, ...]
    deferred: tuple[Deferred, ...]
    blocked: tuple[Blocked, ...]
    notes: tuple[Note, ...]
    options: PlanOptions = Field(description="What was asked of the plan.")
    left_out: tuple[str, ...] = Field(description="The addresses that the options leave out.")


class PlanVariable(Printed):
    """The value of a variable that is not sensitive."""

    value: JsonValue


class PlanOutput(Printed):
    """What `amlplan show -json PLAN` prints."""

    format_version: Literal["1.2"]
    amlplan_version: str
    variables: dict[str, PlanVariable]
    resource_drift: tuple[ResourceDrift, ...]
    resource_changes: tuple[ResourceChange, ...]
    output_changes: dict[str, Change]
    checks: tuple[Check, ...]
    applyable: bool = Field(description="Whether apply would do anything.")
    complete: bool = Field(description="Whether nothing is left to do after it.")
    errored: Literal[False]
    x_amlplan: PlanDetails
