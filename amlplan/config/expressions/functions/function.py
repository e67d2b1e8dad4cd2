"""What a function is: data that the calls of all functions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.config.expressions.types import ANY, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value


class FunctionFailure(Exception):  # noqa: N818 - becomes an EvaluationError at the call
    """A function cannot work on its arguments; `argument` is the position of the one to blame."""

    def __init__(self, message: str, argument: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; arguments are converted to `type` before the call.

    A reference to a secret reaches a structural function as it is where the type is any, unless
    the parameter `resolves` it. What `refers` is written as a reference, as `local.x`.
    """

    name: str
    type: Type = ANY
    allows_null: bool = False
    resolves: bool = False
    refers: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function that expressions can call.

    The last `optional` of the parameters may be left out. `implementation` gets converted
    arguments without marks, all known. With `is_structural` it only rearranges its arguments:
    what they hold may be unknown, sensitive or a reference to a secret, and stays so. With
    `is_raw` it gets the arguments as they are. With `is_lazy` it gets callables that evaluate
    them. With `uses_folder` it gets the folder that relative paths start at first, with
    `uses_scope` the scope.
    """

    name: str
    implementation: Callable[..., Value]
    parameters: tuple[Parameter, ...] = ()
    variadic: Parameter | None = None
    optional: int = 0
    is_structural: bool = False
    is_raw: bool = False
    is_lazy: bool = False
    uses_folder: bool = False
    uses_scope: bool = False

    @property
    def required(self) -> int:
        """How many arguments a call needs."""
        return len(self.parameters) - self.optional

    def parameter(self, position: int) -> Parameter:
        """Give the parameter that an argument belongs to."""
        if position < len(self.parameters):
            return self.parameters[position]
        return self.variadic or self.parameters[-1]
