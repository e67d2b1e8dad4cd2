"""Functions of the environment and of secrets, which Terraform does not have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import convert
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import ANY, STRING, STRINGS, Type
from amlplan.values import UNKNOWN, SecretReference, is_sensitive, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value


def _env(name: str) -> Value:
    value = os.environ.get(name)
    if value is None:
        raise FunctionFailure(
            f'the environment variable "{name}" is not set. Set it, or give another value with '
            f'try(env("{name}"), …).',
            0,
        )
    if not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value):
        raise FunctionFailure(f'the environment variable "{name}" is not UTF-8 text.', 0)
    return value


def _secret(scheme: str, to: Type) -> Callable[[Value], Value]:
    def refer(argument: Value) -> Value:
        if not is_wholly_known(argument) or argument is UNKNOWN:
            raise FunctionFailure("where a secret is found must be known at plan.", 0)
        if is_sensitive(argument):
            raise FunctionFailure("where a secret is found must not be sensitive itself.", 0)
        found = convert(argument, to)
        if not found or (isinstance(found, list) and None in found):
            raise FunctionFailure("where a secret is found must not be empty or null.", 0)
        if isinstance(found, list):
            return SecretReference(scheme, tuple(map(str, found)))
        return SecretReference(scheme, str(found))

    return refer


def _raw(name: str) -> tuple[Parameter, ...]:
    return (Parameter(name, ANY, allows_null=True),)


SECRETS: Final = (
    Function("command_secret", _secret("command", STRINGS), _raw("command"), is_raw=True),
    Function("env", _env, (Parameter("name", STRING),)),
    Function("env_secret", _secret("env", STRING), _raw("name"), is_raw=True),
    Function("file_secret", _secret("file", STRING), _raw("path"), is_raw=True),
)
