"""Functions that encode and decode."""

from __future__ import annotations

import base64
import binascii
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.functions.yaml_decoding import yamldecode
from amlplan.config.expressions.functions.yaml_encoding import yamlencode
from amlplan.config.expressions.numbers import NumberRangeError, normal, number_text
from amlplan.config.expressions.text import composed
from amlplan.config.expressions.types import ANY, STRING

if TYPE_CHECKING:
    from amlplan.values import Value

_VALUE: Final = Parameter("value", ANY, allows_null=True)
_STRING: Final = Parameter("string", STRING)
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def json_text(value: Value) -> str:
    """Give JSON as Terraform writes it: keys sorted, no spaces, exact numbers, < > & escaped."""
    if isinstance(value, dict):
        pairs = (f"{_quoted(key)}:{json_text(value[key])}" for key in sorted(value))
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(json_text, value))}]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number_text(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_ESCAPED)


def _no_constant(name: str) -> Value:
    raise ValueError(f"{name} is not JSON")


def _jsondecode(text: str) -> Value:
    try:
        found: Value = json.loads(
            text,
            parse_float=lambda number: normal(Decimal(number)),
            parse_int=lambda number: normal(Decimal(number)),
            parse_constant=_no_constant,
        )
    except NumberRangeError:
        raise FunctionFailure("a number in this JSON has too many digits.", 0) from None
    except RecursionError:
        raise FunctionFailure("this JSON is nested too deep.", 0) from None
    except json.JSONDecodeError as failure:
        raise FunctionFailure(
            f"this is not JSON: {failure.msg} at line {failure.lineno}, column {failure.colno}.", 0
        ) from None
    except ValueError as failure:
        raise FunctionFailure(f"this is not JSON: {failure}.", 0) from None
    return found if text.isascii() and "\\u" not in text else _well_formed(found)


def _well_formed(value: Value) -> Value:
    """Compose characters, and replace halves of surrogate pairs, which JSON can escape."""
    if isinstance(value, str):
        return composed(value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    if isinstance(value, list):
        return [_well_formed(item) for item in value]
    if isinstance(value, dict):
        return {str(_well_formed(key)): _well_formed(item) for key, item in value.items()}
    return value


def _base64encode(text: str) -> Value:
    return base64.b64encode(text.encode()).decode("ascii")


def _base64decode(text: str) -> Value:
    try:
        return decoded_base64(text).decode("utf-8")
    except UnicodeDecodeError:
        raise FunctionFailure("what was decoded is not UTF-8 text.", 0) from None


def decoded_base64(text: str) -> bytes:
    """Give the bytes behind Base64, which may stand in lines; raises FunctionFailure."""
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise FunctionFailure("this is not Base64.", 0) from None


def _urlencode(text: str) -> Value:
    return quote_plus(text)


ENCODING: Final = (
    Function("base64decode", _base64decode, (_STRING,)),
    Function("base64encode", _base64encode, (_STRING,)),
    Function("jsondecode", _jsondecode, (_STRING,)),
    Function("jsonencode", json_text, (_VALUE,)),
    Function("urlencode", _urlencode, (_STRING,)),
    Function("yamldecode", yamldecode, (_STRING,)),
    Function("yamlencode", yamlencode, (_VALUE,)),
)
