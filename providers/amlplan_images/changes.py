"""Which inputs of an image differ from those of another, as its user knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.wording import counted, difference
from amlplan_images.parts import ENVIRONMENT, MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import JsonValue

BASE, SERVER, DOCKERFILE, SETTINGS = "base", "server", "dockerfile", "settings"
"""Inputs of images in containers, beside those of `Parts.contents`."""
_NAMES = {
    ENVIRONMENT: "the environment",
    BASE: "the base image",
    SERVER: "the server",
    DOCKERFILE: "the Dockerfile",
    SETTINGS: "the settings",
}


def change_of(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Which inputs differ, and how many do not."""
    was, now = (
        {_input_name(name): digest for name, digest in each.items()} for each in (before, after)
    )
    same = sum(was.get(name) == digest for name, digest in now.items())
    return f"{difference(was, now)} ({counted(same, 'input')} unchanged)"


def models_in(contents: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The inputs that are models."""
    return {name: item for name, item in contents.items() if name.startswith(f"{MODELS}/")}


def _input_name(name: str) -> str:
    """An input as its user knows it."""
    if name in _NAMES:
        return _NAMES[name]
    folder, _, rest = name.partition("/")
    return f"model {rest}" if folder == MODELS else rest
