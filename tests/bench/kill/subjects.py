"""The subjects by name; one of another package is named as package.module:Class."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bench.kill.subject import Subject

SUBJECTS = {
    "bench": "bench.kill.bench_world:BenchSubject",
    "local": "bench.kill.local_provider:LocalSubject",
}


def subject_of(name: str) -> Subject:
    """The subject that a name of `SUBJECTS`, or a path to a class, stands for."""
    module, _, made = SUBJECTS.get(name, name).partition(":")
    if not made:
        raise LookupError(
            f"There is no subject {name}. Choose from {', '.join(SUBJECTS)}, or name a class of "
            "yours, as in package.module:Class."
        )
    return cast("Subject", getattr(import_module(module), made)())
