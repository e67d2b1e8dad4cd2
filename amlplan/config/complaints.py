"""What pydantic complains about, as diagnostics at the place in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.locate import argument_range, header_range
from amlplan.diagnostics import Diagnostic, error
from amlplan.pointers import tokens_of
from amlplan.wording import nearest, suggestion
from amlplan_schemas.base import block_fields, labelled_block_fields, reference_fields

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from amlplan.config.blocks import ResourceBlock

_MESSAGES = {
    "string_type": "a string is required",
    "bool_type": "true or false is required",
    "bool_parsing": "true or false is required",
    "int_type": "a whole number is required",
    "int_parsing": "a whole number is required",
    "int_from_float": "a whole number is required",
    "float_type": "a number is required",
    "float_parsing": "a number is required",
    "finite_number": "a finite number is required",
    "dict_type": "a map is required, as in { key = value }",
    "tuple_type": "a list is required, as in [ … ]",
    "list_type": "a list is required, as in [ … ]",
    "model_type": "a block is required, as in name { … }",
    "string_too_short": "it must not be empty",
}


def diagnostics_of(
    block: ResourceBlock,
    model: type[BaseModel],
    complaints: list[ErrorDetails],
    sensitive: Collection[str],
) -> list[Diagnostic]:
    """One diagnostic per mistake; `sensitive` are the pointers whose values are never shown."""
    meant = {_meant(model, item) for item in complaints if item["type"] == "extra_forbidden"}
    # A misspelt argument is one mistake, not also the lack of the one that was meant.
    return [
        _diagnostic(block, model, item, sensitive)
        for item in complaints
        if not (item["type"] == "missing" and (item["loc"] in meant or _is_implied(model, item)))
    ]


def _is_implied(model: type[BaseModel], item: ErrorDetails) -> bool:
    """Whether it is the workspace, of which the whole configuration was told that it has none."""
    return item["loc"] == ("workspace",) and "workspace" in reference_fields(model)


def _diagnostic(
    block: ResourceBlock, model: type[BaseModel], item: ErrorDetails, sensitive: Collection[str]
) -> Diagnostic:
    place = _told(tuple(str(step) for step in item["loc"]), sensitive)
    name = place[-1] if place else ""
    if item["type"] == "missing":
        return error(
            "missing_argument",
            "Missing required argument",
            f'The argument "{name}" is required, but no definition was found.',
            header_range(block, place[:-1]),
            context=block.context,
            address=block.address,
        )
    if item["type"] == "extra_forbidden":
        return _unsupported(block, model, place)
    shown = ".".join(step for step in place if not step.isdecimal())
    what = f'The argument "{shown}"' if shown else "This block"
    detail = f"{what} is not valid: {_reason(item, place, sensitive)}."
    return error(
        "invalid_value",
        "Invalid value for an argument",
        detail,
        argument_range(block, place),
        context=block.context,
        address=block.address,
    )


def _told(place: tuple[str, ...], sensitive: Collection[str]) -> tuple[str, ...]:
    """A place as it may be told: not below a sensitive leaf, where keys are secrets too."""
    for path in sensitive:
        tokens = tokens_of(path)
        if place[: len(tokens)] == tokens:
            return tokens
    return place


def _reason(item: ErrorDetails, place: tuple[str, ...], sensitive: Collection[str]) -> str:
    if any(tokens_of(path)[: len(place)] == place[: len(tokens_of(path))] for path in sensitive):
        return "the value does not fit, and is not shown because it is sensitive"
    if item["type"] in _MESSAGES:
        return _MESSAGES[item["type"]]
    message = item["msg"].removeprefix("Value error, ").rstrip(".")
    if item["type"] == "string_pattern_mismatch":
        pattern = message.partition("pattern ")[2]
        return f'"{item["input"]}" does not match {pattern}'
    return message[:1].lower() + message[1:]


def _known_names(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """The arguments of the block that a place lies in."""
    found: type[BaseModel] | None = model
    way = [str(step) for step in place[:-1]]
    while way and found is not None:
        step = way.pop(0)
        labelled = labelled_block_fields(found).get(step)
        found = block_fields(found).get(step) if labelled is None else labelled
        del way[: labelled is not None]
    return sorted(found.model_fields) if found is not None else []


def _meant(model: type[BaseModel], item: ErrorDetails) -> tuple[str | int, ...]:
    """The place of the argument that a misspelt one was meant to be, or nothing."""
    place = item["loc"]
    near = nearest(str(place[-1]), _known_names(model, place))
    return (*place[:-1], near) if near else ()


def _unsupported(
    block: ResourceBlock, model: type[BaseModel], place: tuple[str, ...]
) -> Diagnostic:
    name = place[-1]
    known = _known_names(model, place)
    hint = suggestion(name, known) or f" Known are: {', '.join(known)}."
    return error(
        "unsupported_argument",
        "Unsupported argument",
        f'An argument named "{name}" is not expected here.{hint}',
        argument_range(block, place, name_only=True),
        context=block.context,
        address=block.address,
    )
