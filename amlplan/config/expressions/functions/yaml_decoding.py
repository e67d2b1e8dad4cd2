"""The `yamldecode` function: YAML 1.1 with the scalars that Terraform knows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from amlplan.config.expressions.conversion import as_text
from amlplan.config.expressions.functions.function import FunctionFailure
from amlplan.config.expressions.numbers import normal
from amlplan.config.expressions.text import composed

if TYPE_CHECKING:
    from amlplan.values import Value

_CORE: Final = "tag:yaml.org,2002:"
_PLAIN: Final = "plain"
_QUOTED: Final = "quoted"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = ("y", "yes", "on", "true")
_FALSE: Final = ("n", "no", "off", "false")
_BOOLS: Final = {
    form: word in _TRUE
    for word in (*_TRUE, *_FALSE)
    for form in (word, word.capitalize(), word.upper())
}
_DECIMAL = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_OTHER_BASE = re.compile(r"0(?:x[0-9a-fA-F]+|o[0-7]+)\Z")
_LARGEST: Final = 2**64
_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(Z|[-+]\d\d:\d\d)"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?))?\Z",
    re.ASCII,
)


def yamldecode(text: str) -> Value:
    """Give the value of the one document in a text; raises FunctionFailure for all else."""
    import yaml

    class Loader(yaml.BaseLoader):  # type: ignore[misc] # it has no types
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            """Tell plain scalars from quoted ones where no tag stands."""
            if kind is not yaml.ScalarNode:
                return super().resolve(kind, value, implicit)
            return _PLAIN if implicit[0] else _QUOTED

    try:
        root = yaml.compose(text, Loader=Loader)
        if root is None:
            raise FunctionFailure("there is no YAML document in this text.", 0)
        return _value(root, ())
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise FunctionFailure(f"this is not YAML: {failure.problem}{where}.", 0) from None
    except yaml.YAMLError as failure:
        raise FunctionFailure(f"this is not YAML: {failure}.", 0) from None
    except RecursionError:
        raise FunctionFailure("this YAML is nested too deep.", 0) from None


def _value(node: Any, around: tuple[Any, ...]) -> Value:
    if node in around:
        raise _wrong(node, "an alias refers to what it stands in")
    kind = node.tag.removeprefix(_CORE)
    if node.id == "scalar":
        return _scalar(node)
    if kind != {"mapping": "map", "sequence": "seq"}[node.id]:
        raise _wrong(node, f"the tag {node.tag} is not supported here")
    inside = (*around, node)
    if node.id == "sequence":
        return [_value(item, inside) for item in node.value]
    found: dict[str, Value] = {}
    for key, item in node.value:
        value = _value(item, inside)
        if _is_merge(key):
            if not isinstance(value, dict):
                raise _wrong(item, "only a mapping can be merged")
            found.update(value)
        else:
            found[_key(key)] = value
    return found


def _is_merge(key: Any) -> bool:
    return bool(key.id == "scalar" and key.value == "<<")


def _key(node: Any) -> str:
    name = as_text(_scalar(node)) if node.id == "scalar" else None
    if name is None:
        raise _wrong(node, "a key must be a string")
    return name


def _scalar(node: Any) -> Value:
    kind, text = node.tag.removeprefix(_CORE), composed(node.value)
    if kind == _PLAIN:
        return _plain(text, node)
    if kind == node.tag and kind != _QUOTED:
        raise _wrong(node, f"the tag {node.tag} is not supported")
    if node.style is not None or kind in {"str", "binary"}:
        return text
    if kind == "null":
        return None
    found = _plain(text, node)
    if not isinstance(found, _WANTED.get(kind, object)):
        raise _wrong(node, f"this is no {kind}")
    return found


def _plain(text: str, node: Any) -> Value:
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _FLOAT.match(text):
        return normal(Decimal(text))
    if _OTHER_BASE.match(text):
        number = int(text, 0)
        if number >= _LARGEST:
            raise _wrong(node, "this number has too many digits")
        return number
    if _NOT_FINITE.match(text):
        raise _wrong(node, "there are no infinite numbers here")
    time = _TIME.match(text)
    return text if time is None else _moment(text, time)


def _moment(text: str, found: re.Match[str]) -> str:
    """Give a time as RFC 3339 has it; one that is not in the calendar is text."""
    year, month, day, *rest = found.groups()
    parts = (year, month, day, *(rest[:3] if rest[0] else rest[4:]))
    try:
        stated = "-".join(part or "0" for part in parts)
        moment = datetime.strptime(stated, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:
        return text
    return f"{moment:%Y-%m-%dT%H:%M:%S}{rest[3] or 'Z'}"


def _wrong(node: Any, what: str) -> FunctionFailure:
    mark = node.start_mark
    return FunctionFailure(f"{what}, at line {mark.line + 1}, column {mark.column + 1}.", 0)


_WANTED: Final[dict[str, Any]] = {"int": int, "float": (int, Decimal), "bool": bool}
