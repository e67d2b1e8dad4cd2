"""What the service answers: documents, files, and refusals in the words of MLflow's clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Json = dict[str, Any]

MISSING = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"
INVALID = "INVALID_PARAMETER_VALUE"
NO_ENDPOINT = "ENDPOINT_NOT_FOUND"
NOT_SUPPORTED = "NOT_IMPLEMENTED"
NOT_ALLOWED = "UNAUTHENTICATED"
FAILED = "INTERNAL_ERROR"

_STATUS = {MISSING: 404, NO_ENDPOINT: 404, NOT_ALLOWED: 401, NOT_SUPPORTED: 501}
"""The rest is 400, FAILED too: a client repeats a 500 for minutes while its script waits."""


_SUMMARY = {
    MISSING: "Not found",
    NO_ENDPOINT: "Not served",
    NOT_ALLOWED: "Not allowed",
    NOT_SUPPORTED: "Not supported",
    FAILED: "The service of the run could not do it",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A request that is not followed: a code that clients know, and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def summary(self) -> str:
        """What is wrong, the same for everybody."""
        return _SUMMARY.get(self.code, "Not understood")

    @property
    def status(self) -> int:
        """The status that HTTP has for it."""
        return _STATUS.get(self.code, 400)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: `words` are the parts of the path that its route leaves open.

    `save` moves the body into a file and gives its size. `rank` is that of the process within a
    script of several, None where it told none.
    """

    method: str
    path: str
    words: Mapping[str, str]
    body: Json
    query: Mapping[str, list[str]]
    rank: int | None
    save: Callable[[Path], int]

    def text(self, name: str, default: str | None = None) -> str:
        """A value of the body or the query; raises Refusal where it is missing and has no default.

        Of names with `|` the first that is there counts: clients of several ages call one thing by
        several names.
        """
        for one in name.split("|"):
            value = self.body.get(one)
            if value is None and one in self.query:
                value = self.query[one][0]
            if value is not None and value != "":
                return value if isinstance(value, str) else str(value)
        if default is None:
            raise Refusal(INVALID, f"The request lacks {name.replace('|', ' or ')}.")
        return default

    def number(self, name: str, default: int) -> int:
        """A whole number of the body or the query; raises Refusal for what is none."""
        given = self.text(name, str(default))
        try:
            return int(given)
        except ValueError as failure:
            raise Refusal(INVALID, f"{name} has to be a number, not {given[:100]!r}.") from failure

    def items(self, name: str) -> list[Any]:
        """A list of the body or the query, empty where it is missing."""
        value = self.body.get(name, self.query.get(name, []))
        if not isinstance(value, list):
            raise Refusal(INVALID, f"{name} has to be a list.")
        return value

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """Keys and values, as MLflow lists them."""
        return [pair_of(item) for item in self.items(name)]


def pair_of(item: Any) -> tuple[str, str]:
    """The key and value of one thing that MLflow lists; a value that is missing is empty."""
    if not isinstance(item, dict) or not isinstance(item.get("key"), str):
        raise Refusal(INVALID, "Each of them has to be an object with a key and a value.")
    value = item.get("value", "")
    return item["key"], value if isinstance(value, str) else str(value)


def listed(pairs: Mapping[str, str]) -> list[Json]:
    """Keys and values as MLflow lists them."""
    return [{"key": key, "value": value} for key, value in pairs.items()]
