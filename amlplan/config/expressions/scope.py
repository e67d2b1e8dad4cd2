"""What an expression can see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.values import UNKNOWN, Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan.config.expressions.functions.function import Function
    from amlplan.values import SecretReference, Value


@dataclass(frozen=True, slots=True)
class Scope:
    """Root names and their values, the functions, and where the outside is found.

    Relative paths in file functions start at `base_folder`. `resolve_secret` is called only when
    the content of a secret is needed; it gives a `Sensitive` string, or `Sensitive(UNKNOWN)`
    where the secret cannot be had, and may be called twice for one reference.
    """

    values: Mapping[str, Value]
    functions: Mapping[str, Function]
    base_folder: Path
    resolve_secret: Callable[[SecretReference], Value]

    def with_values(self, values: Mapping[str, Value]) -> Scope:
        """Give a scope that has `values` too; they hide the names of this one."""
        return Scope(
            {**self.values, **values}, self.functions, self.base_folder, self.resolve_secret
        )

    def without_values(self) -> Scope:
        """Give a scope that sees functions only."""
        return Scope({}, self.functions, self.base_folder, self.resolve_secret)

    def without_secrets(self) -> Scope:
        """Give a scope in which the content of every secret is unknown."""
        return Scope(self.values, self.functions, self.base_folder, _unknown_secret)


def _unknown_secret(_reference: SecretReference) -> Value:
    return Sensitive(UNKNOWN)
