"""Syntax trees. Every node has `start` and `end`, offsets `[start, end)` into its file's text.

Trees are built once by the parser, never changed after it, and compare by identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(slots=True, eq=False)
class Literal:
    """A number, true, false, null, or a string without anything to fill in."""

    value: str | int | Decimal | bool | None
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Step:
    """One static step of a traversal: `.name`, `["name"]`, `[0]` or the legacy `.0`.

    `is_attribute` tells `.name` from the others, for those who require one form.
    """

    key: str | int
    is_attribute: bool
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Traversal:
    """A name of the scope and the static steps after it, as in `var.sizes["small"].disk`.

    The root name ends at `root_end`.
    """

    root: str
    steps: list[Step]
    start: int
    root_end: int
    end: int


@dataclass(slots=True, eq=False)
class RelativeTraversal:
    """Static steps into the value of any other expression, as in `f(x).name`."""

    source: Expression
    steps: list[Step]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Index:
    """A computed step, as in `var.sizes[local.size]`."""

    collection: Expression
    key: Expression
    start: int
    end: int


@dataclass(slots=True, eq=False)
class SplatItem:
    """The item that the enclosing `Splat` is at; stands only in `Splat.each`."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Splat:
    """`source[*]` (full) or `source.*`, and what is taken of `each` item."""

    source: Expression
    each: Expression
    is_full: bool
    start: int
    end: int


@dataclass(slots=True, eq=False)
class FunctionCall:
    """A call; with `expand_final` the last argument is a list of arguments (`f(x...)`)."""

    name: str
    arguments: list[Expression]
    expand_final: bool
    start: int
    name_end: int
    end: int


@dataclass(slots=True, eq=False)
class Unary:
    """`-operand` or `!operand`."""

    operator: str
    operand: Expression
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Binary:
    """Two operands and one of `* / % + - > >= < <= == != && ||`; chains lean to the left."""

    operator: str
    left: Expression
    right: Expression
    operator_start: int
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Conditional:
    """`condition ? then : otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression
    start: int
    end: int


@dataclass(slots=True, eq=False)
class ForTuple:
    """`[for key, value in collection : result if condition]`."""

    key_name: str | None
    value_name: str
    collection: Expression
    result: Expression
    condition: Expression | None
    start: int
    end: int


@dataclass(slots=True, eq=False)
class ForObject:
    """`{for key, value in collection : result_key => result if condition}`.

    With `groups` (`result...`) each result key holds the list of its results.
    """

    key_name: str | None
    value_name: str
    collection: Expression
    result_key: Expression
    result: Expression
    groups: bool
    condition: Expression | None
    start: int
    end: int


@dataclass(slots=True, eq=False)
class TupleConstructor:
    """`[item, item]`."""

    items: list[Expression]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class ObjectItem:
    """`key = value` in an object; a bare identifier key is a `Literal` already.

    `is_bare_key` says so, for those who must tell `name = …` from `"name" = …`.
    """

    key: Expression
    value: Expression
    is_bare_key: bool
    start: int
    end: int


@dataclass(slots=True, eq=False)
class ObjectConstructor:
    """`{ key = value, key = value }`."""

    items: list[ObjectItem]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Parentheses:
    """`(inner)`."""

    inner: Expression
    start: int
    end: int


@dataclass(slots=True, eq=False)
class TemplateIf:
    """`%{ if condition }…%{ else }…%{ endif }`."""

    condition: Expression
    then: list[TemplatePart]
    otherwise: list[TemplatePart]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class TemplateFor:
    """`%{ for key, value in collection }…%{ endfor }`."""

    key_name: str | None
    value_name: str
    collection: Expression
    parts: list[TemplatePart]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Template:
    """A string with something to fill in: text is `Literal`, an interpolation any expression."""

    parts: list[TemplatePart]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class TemplateWrap:
    """A template that is one interpolation and nothing else: the value itself, not a string."""

    inner: Expression
    start: int
    end: int


Expression: TypeAlias = (
    Literal
    | Traversal
    | RelativeTraversal
    | Index
    | SplatItem
    | Splat
    | FunctionCall
    | Unary
    | Binary
    | Conditional
    | ForTuple
    | ForObject
    | TupleConstructor
    | ObjectConstructor
    | Parentheses
    | Template
    | TemplateWrap
)
TemplatePart: TypeAlias = Expression | TemplateIf | TemplateFor


@dataclass(slots=True, eq=False)
class Attribute:
    """`name = expression` in a body."""

    name: str
    expression: Expression
    name_start: int
    name_end: int
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Block:
    """A block; the header (type and labels) is `[start, header_end)`.

    `label_ranges` holds a `(start, end)` per label, quotes included.
    """

    type: str
    labels: list[str]
    body: Body
    type_start: int
    type_end: int
    label_ranges: list[tuple[int, int]]
    header_end: int
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Body:
    """What stands in a file or between the braces of a block, attributes in source order."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    start: int = 0
    end: int = 0
