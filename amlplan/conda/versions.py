"""Versions as conda matches them, written as requirements are."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_BRACKETS = re.compile(r"\[(.*)\]\s*$")
_KEYWORD = re.compile(r"\s*(\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\s]*))\s*,?")
_OPERATORS = r"(?:===|==|~=|!=|<=|>=|<|>|=)"
_OPERATOR = re.compile(rf"({_OPERATORS})?\s*(.*)", re.DOTALL)
_ONE = rf"{_OPERATORS}?[^\s=<>!~,|]+"
_VERSION = re.compile(rf"(?P<version>{_ONE}(?:[,|]{_ONE})*)(?:(?:\s+|=)(?P<build>\S+))?")
_PLAIN = re.compile(
    r"\d+(?:\.\d+)*(?:(?:a|b|rc|alpha|beta|c|pre|preview)\.?\d*)?(?:\.?(?:post|dev)\.?\d*)*"
    r"(?:\+[a-z0-9.]+)?",
    re.IGNORECASE,
)


class NotConvertedError(ValueError):
    """What conda can say of a version and a requirement cannot; its text says what that is."""


@dataclass(frozen=True, slots=True)
class CondaSpec:
    """A dependency of a conda file, in its parts; `version` is as conda writes it."""

    text: str
    name: str
    version: str = ""
    build: str = ""
    channel: str = ""


def read_spec(text: str) -> CondaSpec:
    """A dependency as conda reads it; raises ValueError with what is wrong."""
    bare = text.partition("#")[0].strip()
    channel, colons, rest = bare.rpartition("::")
    rest = rest if colons else bare
    brackets = _BRACKETS.search(rest)
    keywords = _keywords(brackets[1]) if brackets is not None else {}
    rest = rest[: brackets.start()].strip() if brackets is not None else rest
    match = _NAME.match(rest)
    if match is None:
        raise ValueError("it does not begin with the name of a package")
    name, after = match[0], rest[match.end() :]
    if after and after[0] not in " \t=<>!~":
        raise ValueError(f"{after.strip()!r} is no version")
    version, build = _apart(after)
    return CondaSpec(
        bare,
        name.lower(),
        keywords.get("version", version),
        keywords.get("build", build),
        keywords.get("channel", channel),
    )


def _keywords(text: str) -> dict[str, str]:
    found = _KEYWORD.findall(text)
    return {name: single or double or bare for name, single, double, bare in found}


def _apart(after: str) -> tuple[str, str]:
    """The version and the build of what stands after a name."""
    text = re.sub(r"\s*([,|])\s*", r"\1", after.strip())
    text = re.sub(rf"({_OPERATORS})\s+", r"\1", text)
    if not text:
        return "", ""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{after.strip()!r} is no version")
    version, build = match["version"], match["build"] or ""
    # `numpy 1.2` and `numpy=1.2=build` are exactly 1.2, and `numpy=1.2` is 1.2.*.
    if build and re.match(r"=[^=]", version):
        version = f"={version}"
    if version[0].isdigit() and not re.search(r"[*,|]", version):
        version = f"=={version}"
    return version, build


def requirement_version(version: str) -> str:
    """What conda says of a version, for the end of a requirement; "" where any will do.

    Raises NotConvertedError.
    """
    text = version.strip()
    if "|" in text:
        raise NotConvertedError("alternatives with | cannot be written as a requirement")
    if text[:1] in {"^", "$"} or "(" in text:
        raise NotConvertedError("a regular expression cannot be written as a requirement")
    parts = [_part(part.strip()) for part in text.split(",") if part.strip()]
    return ",".join(part for part in parts if part)


def _part(text: str) -> str:
    operator, number = _operator_and_number(text)
    if number.endswith("*"):
        number = number.removesuffix("*").removesuffix(".")
        if not number and operator in {"", "=", "=="}:
            return ""
        if operator in {"", "=", "=="}:
            return f"=={_checked(number)}.*"
        if operator == "!=":
            return f"!={_checked(number)}.*"
        # conda reads the others as if no star stood there.
    if operator == "=":
        is_release = re.fullmatch(r"[\d.]+", number) is not None
        return f"=={_checked(number)}{'.*' if is_release else ''}"
    return f"{operator or '=='}{_checked(number)}"


def _operator_and_number(text: str) -> tuple[str, str]:
    match = _OPERATOR.fullmatch(text)
    assert match is not None  # noqa: S101 - it matches any text
    return match[1] or "", match[2].strip()


def _checked(number: str) -> str:
    if _PLAIN.fullmatch(number) is None:
        raise NotConvertedError(f"{number!r} is no version that a requirement can have")
    return number
