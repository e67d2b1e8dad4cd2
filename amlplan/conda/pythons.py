"""Which Python a conda file asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.conda.versions import requirement_version

if TYPE_CHECKING:
    from collections.abc import Callable

NEWEST = 14
"""The newest minor version of Python 3 that is looked at."""
_PATCHES = 40
_ONE = re.compile(r"==(3\.\d+(?:\.\d+)?)(?:\.\*)?")
_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


def python_of(version: str, given: str | None) -> str:
    """The Python for a dependency on it, `given` being what the block says; "" for neither.

    Raises ValueError with what is wrong, in words that say what to do.
    """
    wanted = requirement_version(version)
    if given is not None:
        if not _allows(wanted, given):
            raise ValueError(
                f"the file asks for Python {version.lstrip('= ')}, and the block for {given}: "
                "take one of them out"
            )
        return given
    match = _ONE.fullmatch(wanted)
    if match is not None:
        return match[1]
    if not wanted:
        return ""
    minors = [minor for minor in range(NEWEST + 1) if _allows(wanted, f"3.{minor}")]
    if len(minors) == 1:
        return f"3.{minors[0]}"
    if minors:
        raise ValueError(
            f"python{version} is true of several: say which in the block, as in "
            f'python = "3.{minors[-1]}"'
        )
    raise ValueError(
        f"python{version} is true of no Python 3: say another in the block with relax = true, as "
        'in python = "3.11"'
    )


def _allows(wanted: str, python: str) -> bool:
    """Whether a version, or for `3.7` any patch of it, is what is wanted."""
    numbers = tuple(int(part) for part in python.split("."))
    is_exact = len(numbers) > 2  # noqa: PLR2004 - major, minor, patch
    versions = [numbers] if is_exact else [(*numbers, patch) for patch in range(_PATCHES)]
    conditions = [part for part in wanted.split(",") if part]
    return any(all(_holds(part, version) for part in conditions) for version in versions)


def _holds(condition: str, version: tuple[int, ...]) -> bool:
    match = re.fullmatch(r"(==|!=|<=|>=|<|>|~=)(\d+(?:\.\d+)*)(\.\*)?", condition)
    if match is None:
        raise ValueError(f"{condition} is no version of Python")
    operator, number, star = match[1], tuple(int(part) for part in match[2].split(".")), match[3]
    if operator == "~=":
        return version >= _padded(number) and version[: len(number) - 1] == number[:-1]
    is_fuzzy = star is not None or (operator == "==" and len(number) == 2)  # noqa: PLR2004
    if is_fuzzy:
        return (version[: len(number)] == number) == (operator == "==")
    return _COMPARE[operator](version, _padded(number))


def _padded(number: tuple[int, ...]) -> tuple[int, ...]:
    return (*number, 0, 0)[: max(3, len(number))]
