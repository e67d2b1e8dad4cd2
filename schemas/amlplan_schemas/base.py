"""What every resource model is built from: strict reading, and what a change of each field does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

JsonValue = Any
"""None, bool, int, float, str, or lists and string-keyed dicts of these."""

HISTORY_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}$"
"""Azure ML's rule for the names of experiments, which histories are."""


class Behaviour(StrEnum):
    """What a change of a field does to the thing outside."""

    REPLACE = "replace"
    """The old object goes, a new one comes."""
    UPDATE = "update"
    """The object is changed in place by its provider."""
    METADATA = "metadata"
    """Only the state is written; no provider is called."""
    UNRECORDED = "unrecorded"
    """Neither recorded nor compared: how I reach a thing, not what it is."""


def _as_text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
"""A string in a map; numbers and bools become one, as in Terraform."""


class Trait(StrEnum):
    """What may be relied on about a computed field."""

    STABLE = "stable"
    """Keeps its value through an update, so that references to it stay known at plan."""
    WATCHED = "watched"
    """Drift compares it with what was recorded."""


class Schema(BaseModel):
    """A frozen model of what a user writes: unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, allow_inf_nan=False
    )


class Stored(BaseModel):
    """A frozen model of what amlplan wrote itself: fields of newer writers are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Reference(Schema):
    """A block that another block refers to; `identity` is None until that block was created."""

    address: str
    kind: str
    identity: str | None = None


class NoSecrets:
    """Marks a field that its provider writes down in the clear: sensitive values are refused."""


class OnlySecretReference:
    """Marks a field of a nested block that takes a secret by its reference alone.

    It says how I reach a thing: where the secret is found is kept and compared, never the secret.
    """


class NoPlainCredentials:
    """Marks a field of addresses: a password in one must come from a secret."""


class ChoosesKind:
    """Marks the reference whose target's kind says which kind a block is, as `image@docker`.

    What it refers to must be told by the text alone. It is the only one of its model.
    """


class ResourceInputs(Schema):
    """The fields that every resource takes."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9][\w.-]{0,254}$"
    """The rule of the service that gave the kind its name; checked here for `name`."""

    name: Annotated[str, Behaviour.REPLACE, NoSecrets] = Field(
        description="What it is called outside; the label when left out."
    )
    description: Annotated[str | None, Behaviour.METADATA] = Field(
        default=None, description="A sentence for people."
    )
    tags: Annotated[dict[str, Text], Behaviour.METADATA] = Field(
        default_factory=dict, description="Your own labels."
    )

    @field_validator("name")
    @classmethod
    def _follows_its_kinds_rule(cls, name: str) -> str:
        if re.fullmatch(cls.name_pattern, name, re.ASCII) is None:
            raise ValueError(f"{name!r} breaks the naming rule of its kind, {cls.name_pattern}")
        return name


class ResourceOutputs(Stored):
    """The fields that a provider computes."""


_BYTES = {"": 1, "B": 1}
for _power, _letter in enumerate("KMGTP", start=1):
    _BYTES[f"{_letter}B"] = 1000**_power
    _BYTES[f"{_letter}iB"] = 1024**_power
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def bytes_of(size: str) -> int:
    """Bytes in `512MiB`, `1.5GB` or `1024`; raises ValueError with what is accepted."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", size)
    if match is None or match[2] not in _BYTES:
        raise ValueError(f"{size!r} is not a size; write a number and a unit, as in 512MiB or 2GB")
    return int(float(match[1]) * _BYTES[match[2]])


def seconds_of(duration: str) -> float:
    """Seconds in `90s`, `2h` or `1h30m`; raises ValueError with what is accepted."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is not a duration; write it as in 90s, 2h or 1h30m")
    return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def _checked_size(size: str) -> str:
    bytes_of(size)
    return size


def _checked_duration(duration: str) -> str:
    seconds_of(duration)
    return duration


Size = Annotated[str, AfterValidator(_checked_size)]
"""A number of bytes with a unit, as in `512MiB`."""
Duration = Annotated[str, AfterValidator(_checked_duration)]
"""A length of time with units, as in `2h`."""


class LocalPath:
    """Marks a field as a path relative to the folder of the file that states it.

    The loader rewrites it relative to the project's folder, with forward slashes, before the
    model is made, so that two checkouts give the same value.
    """


@dataclass(frozen=True, slots=True)
class BlockReference:
    """Marks a field that takes a block: `block` names which, as in `workspace`.

    With `many` the field takes a list of them.
    """

    block: str
    many: bool = False


def behaviour_of(model: type[BaseModel], field: str) -> Behaviour:
    """What a change of a top-level field does; an unmarked field updates in place."""
    return _behaviours(model).get(field, Behaviour.UPDATE)


@cache
def _behaviours(model: type[BaseModel]) -> dict[str, Behaviour]:
    return {
        name: mark
        for name, info in model.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, Behaviour)
    }


@cache
def marked_fields(model: type[BaseModel], mark: object) -> frozenset[str]:
    """The top-level fields that carry a mark: a `Trait`, a `Behaviour`, or `LocalPath`."""
    return frozenset(
        name
        for name, info in model.model_fields.items()
        if any(item is mark or item == mark for item in info.metadata)
    )


def nested_field_is(model: type[BaseModel], path: tuple[str, ...], mark: object) -> bool:
    """Whether the field of a nested block that a path leads to carries a mark."""
    nested = block_fields(model).get(path[0]) if path else None
    return nested is not None and any(fits in path[1:2] for fits in marked_fields(nested, mark))


@cache
def reference_fields(model: type[BaseModel]) -> dict[str, BlockReference]:
    """The fields that take a block or a list of blocks, with what each of them takes."""
    return {
        name: mark
        for name, info in model.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, BlockReference)
    }


@cache
def block_fields(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The fields that are written as nested blocks, with the model of each."""
    found: dict[str, type[BaseModel]] = {}
    for name, info in model.model_fields.items():
        for candidate in _options_of(info.annotation):
            if (
                isinstance(candidate, type)
                and issubclass(candidate, BaseModel)
                and candidate is not Reference
            ):
                found[name] = candidate
    return found


@cache
def labelled_block_fields(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The fields written as any number of labelled blocks, a map by label, with their model."""
    return {
        name: item
        for name, info in model.model_fields.items()
        for item in get_args(info.annotation)[1:]
        if get_origin(info.annotation) is dict
        and isinstance(item, type)
        and issubclass(item, BaseModel)
    }


def _options_of(annotation: object) -> tuple[object, ...]:
    if get_origin(annotation) in (Union, UnionType):
        return get_args(annotation)
    return (annotation,)
