"""MLflow's filters and orders: `metrics.loss < 1 and tags."a b" LIKE 'x%'`, `metrics.loss DESC`."""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from amlplan_endpoint.answers import INVALID, Refusal
from amlplan_endpoint.mlflow_documents import run_info, tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amlplan_endpoint.run_record import RunRecord

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>[A-Za-z_]\w*(?:\.(?:`[^`]*`|"[^"]*"|[\w./@\- ]*[\w/@\-]))?|`[^`]*`)
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ENTITIES = {
    "metric": "metric",
    "metrics": "metric",
    "param": "param",
    "params": "param",
    "parameter": "param",
    "parameters": "param",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
}
_WORDS = frozenset({"and", "like", "ilike", "in", "not", "is", "null", "asc", "desc"})

Test = tuple[str, str, str, Any]
"""Entity, key, comparison, operand."""


def searched(runs: list[RunRecord], filter_text: str, order: list[str]) -> list[RunRecord]:
    """The runs that fit, in order; raises Refusal for what is no filter or order."""
    tests = parsed_filter(filter_text)
    found = [run for run in runs if all(fits(test, value_of(run, test)) for test in tests)]
    for text in reversed(order):
        entity, key, is_falling = parsed_order(text)
        found = _sorted(found, partial(_ordered, entity, key), is_falling=is_falling)
    return found


def parsed_filter(text: str) -> list[Test]:
    """The tests that a filter demands, all of them; raises Refusal."""
    tokens = list(_tokens(text))
    tests: list[Test] = []
    while tokens:
        if tests:
            _expect(tokens, "and", text)
        entity, key = _entity(_taken(tokens, text), text)
        compare = _comparison(tokens, text)
        operand: Any = None
        if compare in ("in", "not in"):
            operand = _list(tokens, text)
        elif "null" not in compare:
            operand = _operand(_taken(tokens, text), text)
        tests.append((entity, key, compare, operand))
    return tests


def parsed_order(text: str) -> tuple[str, str, bool]:
    """Entity, key, and whether the greatest comes first; raises Refusal."""
    tokens = list(_tokens(text))
    entity, key = _entity(_taken(tokens, text), text)
    direction = tokens.pop(0)[1].lower() if tokens else "asc"
    if tokens or direction not in ("asc", "desc"):
        raise _broken(text)
    return entity, key, direction == "desc"


def value_of(run: RunRecord, test: Test) -> Any:
    """What a run has of what a test is about; None where it has nothing."""
    return _value(run, test[0], test[1])


def fits(test: Test, value: Any) -> bool:
    """Whether a value passes a test; one that is missing passes none but IS NULL."""
    _, _, compare, operand = test
    if "null" in compare:
        return (value is None) == (compare == "is null")
    if value is None:
        return False
    if compare in ("like", "ilike"):
        operand = str(operand)
    if isinstance(value, int | float) and isinstance(operand, str):
        value = str(value)
    if isinstance(value, str) and isinstance(operand, int | float):
        operand = str(operand)
    return _COMPARE[compare](value, operand)


def _like(value: Any, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    parts = (".*" if part == "%" else "." if part == "_" else re.escape(part) for part in pattern)
    return re.fullmatch("".join(parts), str(value), flags | re.DOTALL) is not None


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, operand: value == operand,
    "==": lambda value, operand: value == operand,
    "!=": lambda value, operand: value != operand,
    "<>": lambda value, operand: value != operand,
    "<": lambda value, operand: value < operand,
    "<=": lambda value, operand: value <= operand,
    ">": lambda value, operand: value > operand,
    ">=": lambda value, operand: value >= operand,
    "like": _like,
    "ilike": lambda value, operand: _like(value, operand, re.IGNORECASE),
    "in": lambda value, operand: value in operand,
    "not in": lambda value, operand: value not in operand,
}


def _value(run: RunRecord, entity: str, key: str) -> Any:
    if entity == "metric":
        point = run.latest.get(key)
        return None if point is None else point.value
    if entity == "param":
        return {**run.given, **run.parameters}.get(key)
    if entity == "tag":
        return tags_of(run).get(key)
    info = run_info(run)
    names = {"created": "start_time", "id": "run_id", "Created": "start_time", "name": "run_name"}
    return info.get(names.get(key, key))


def _ordered(entity: str, key: str, run: RunRecord) -> Any:
    return _value(run, entity, key)


def _sorted(
    runs: list[RunRecord], key: Callable[[RunRecord], Any], *, is_falling: bool
) -> list[RunRecord]:
    """By a key; what lacks it comes last, and NaN before that, whatever the direction."""
    has = [run for run in runs if not _is_odd(key(run))]
    odd = [run for run in runs if key(run) is not None and _is_odd(key(run))]
    none = [run for run in runs if key(run) is None]
    return [*sorted(has, key=key, reverse=is_falling), *odd, *none]


def _is_odd(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    place = 0
    text = text.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.end() == place:
            raise _broken(text)
        kind, word = str(found.lastgroup), found[str(found.lastgroup)]
        end = found.end()
        if kind == "name" and " " in word and word[-1] not in '`"':
            # A key may hold spaces only in quotes: the rest is the next word.
            end -= len(word) - len(word.split(" ")[0])
            word = word.split(" ")[0]
        yield kind, word
        place = end


def _taken(tokens: list[tuple[str, str]], text: str) -> tuple[str, str]:
    if not tokens:
        raise _broken(text)
    return tokens.pop(0)


def _expect(tokens: list[tuple[str, str]], word: str, text: str) -> None:
    if _taken(tokens, text)[1].lower() != word:
        raise _broken(text)


def _entity(token: tuple[str, str], text: str) -> tuple[str, str]:
    kind, word = token
    if kind != "name" or word.lower() in _WORDS:
        raise _broken(text)
    head, dot, key = word.partition(".")
    if not dot:
        return "attribute", word.strip("`")
    if head.lower() not in _ENTITIES:
        raise _broken(text)
    return _ENTITIES[head.lower()], key.strip('`"')


def _comparison(tokens: list[tuple[str, str]], text: str) -> str:
    word = _taken(tokens, text)[1].lower()
    if word == "not":
        _expect(tokens, "in", text)
        return "not in"
    if word == "is":
        following = _taken(tokens, text)[1].lower()
        if following == "not":
            _expect(tokens, "null", text)
            return "is not null"
        if following == "null":
            return "is null"
    if word not in _COMPARE:
        raise _broken(text)
    return word


def _list(tokens: list[tuple[str, str]], text: str) -> list[Any]:
    _expect(tokens, "(", text)
    found = []
    while True:
        found.append(_operand(_taken(tokens, text), text))
        sign = _taken(tokens, text)[1]
        if sign == ")":
            return found
        if sign != ",":
            raise _broken(text)


def _operand(token: tuple[str, str], text: str) -> Any:
    kind, word = token
    if kind == "number":
        return float(word)
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    raise _broken(text)


def _broken(text: str) -> Refusal:
    return Refusal(
        INVALID,
        f"{text!r} cannot be understood. Write it as in: metrics.loss < 0.1 and params.kind = 'a' "
        "and tags.`a b` LIKE 'x%'; orders as in: metrics.loss DESC.",
    )
