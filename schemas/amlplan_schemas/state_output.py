"""The state as programs read it: what `show -json` prints, in the shape that Terraform gave it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from amlplan_schemas.base import JsonValue
from amlplan_schemas.plan_output import ObjectIdentity, Printed
from amlplan_schemas.state import Applied, Held, Status

STATE_OUTPUT_FORMAT: Literal["1.0"] = "1.0"


class ResourceDetails(Printed):
    """What amlplan knows of an object beyond Terraform's shape."""

    name: str = Field(description="What it is called outside.")
    generation: int
    identity: str
    status: Status
    protected: bool
    held: Held | None = None


class StateResource(ObjectIdentity):
    """One recorded object."""

    provider_name: str
    schema_version: int
    values: dict[str, JsonValue] = Field(description="Null at sensitive leaves.")
    sensitive_values: JsonValue = Field(description="True at sensitive leaves.")
    depends_on: tuple[str, ...]
    tainted: bool
    deposed_key: str | None = Field(
        default=None, description="The generation of an object that was replaced already."
    )
    x_amlplan: ResourceDetails


class StateModule(Printed):
    """The objects of one instance of a module, and of those that it calls."""

    address: str | None = Field(default=None, description="Left out of the root module.")
    resources: tuple[StateResource, ...]
    child_modules: tuple[StateModule, ...]


class StateOutputValue(Printed):
    """An output as of the last apply."""

    sensitive: bool
    value: JsonValue = Field(description="Null where it is sensitive.")


class StateValues(Printed):
    """Everything that is recorded."""

    outputs: dict[str, StateOutputValue]
    root_module: StateModule


class StateDetails(Printed):
    """Which state it is, and who applied last."""

    lineage: str
    serial: int
    applied: Applied | None
    pending: tuple[str, ...] = Field(description="Where an interrupted operation is unanswered.")


class StateOutputDocument(Printed):
    """What `amlplan show -json` prints; `values` is left out where nothing was applied yet."""

    format_version: Literal["1.0"]
    amlplan_version: str
    values: StateValues | None = None
    x_amlplan: StateDetails | None = None
