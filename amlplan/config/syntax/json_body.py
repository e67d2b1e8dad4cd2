"""Makes a body of a JSON value; which properties are blocks is told by a form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from amlplan.config.syntax.json_expressions import JsonExpressions
from amlplan.config.syntax.json_reader import read_json
from amlplan.config.syntax.nodes import (
    Attribute,
    Block,
    Body,
    Literal,
    ObjectConstructor,
    TupleConstructor,
)
from amlplan.diagnostics import Diagnostic, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from amlplan.config.syntax.nodes import Expression, ObjectItem
    from amlplan.diagnostics import SourceFile

    _Header = tuple[ObjectItem, ...]

_COMMENT: Final = "//"


@dataclass(frozen=True, slots=True)
class BodyForm:
    """Which properties of a body are blocks, and how strings in its attributes are read.

    Strings are templates, but for the attributes in `written`, where the native syntax takes a
    reference or a type, and in `plain`, which are read before anything is evaluated; `all_plain`
    says so of all. With `only_blocks` other properties are blocks too, of types nobody knows.
    """

    blocks: Mapping[str, BlockForm] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    all_plain: bool = False
    only_blocks: bool = False


def _empty_form(_labels: Sequence[str]) -> BodyForm:
    return BodyForm()


@dataclass(frozen=True, slots=True)
class BlockForm:
    """How many labels a block of some type has, and the form of its body, by its labels."""

    labels: int = 0
    body: Callable[[Sequence[str]], BodyForm] = _empty_form


def parse_json(source: SourceFile, form: BodyForm) -> tuple[Body, list[Diagnostic]]:
    """Parse a file: what could be read, and what is wrong. Never raises."""
    value, diagnostics = read_json(source)
    body = Body(end=len(source.text))
    if value is not None:
        reader = _BodyReader(source, diagnostics)
        for item in reader.objects(value, takes_null=False):
            reader.fill(body, item, form)
    return body, diagnostics


class _BodyReader:
    """Reads the bodies of one file, one inside the other."""

    def __init__(self, source: SourceFile, diagnostics: list[Diagnostic]) -> None:
        self._source = source
        self._diagnostics = diagnostics
        self._expressions = JsonExpressions(source, diagnostics)

    def objects(self, value: Expression, *, takes_null: bool = True) -> Iterator[ObjectConstructor]:
        """The objects that stand for one or many of the same: an object, or a list of objects."""
        if takes_null and isinstance(value, Literal) and value.value is None:
            return
        for item in value.items if isinstance(value, TupleConstructor) else [value]:
            if isinstance(item, ObjectConstructor):
                yield item
            else:
                self._report(
                    "object_expected",
                    "JSON object expected",
                    "A block is written as an object, or as a list of objects where it stands "
                    "many times; the names around it are its type and labels.",
                    item.start,
                    item.end,
                )

    def fill(self, body: Body, value: ObjectConstructor, form: BodyForm) -> None:
        """Put the properties of an object into a body, as attributes and blocks."""
        for item in value.items:
            name = _name_of(item)
            if name in form.blocks:
                body.blocks.extend(self._blocks((item,), item.value, form.blocks[name]))
            elif name == _COMMENT:
                continue
            elif form.only_blocks:
                body.blocks.append(_block((item,), Body(), item.key.start, item.key.end))
            elif name in body.attributes:
                self._set_twice(name, body.attributes[name], item)
            else:
                body.attributes[name] = self._attribute(name, item, form)

    def _attribute(self, name: str, item: ObjectItem, form: BodyForm) -> Attribute:
        if form.all_plain or name in form.plain:
            expression = self._expressions.as_they_are(item.value)
        elif name in form.written:
            expression = self._expressions.as_written(item.value)
        else:
            expression = self._expressions.as_templates(item.value)
        key = item.key
        return Attribute(name, expression, key.start, key.end, item.start, item.end)

    def _blocks(self, header: _Header, value: Expression, form: BlockForm) -> Iterator[Block]:
        """The blocks below a property, one level of objects for each label that is left."""
        if len(header) <= form.labels:
            labels = [label for item in self.objects(value) for label in item.items]
            if not labels:
                self._no_label(header, value)
            for label in labels:
                yield from self._blocks((*header, label), label.value, form)
            return
        for item in self.objects(value):
            body = Body(start=item.start, end=item.end)
            self.fill(body, item, form.body([_name_of(label) for label in header[1:]]))
            # Of many in a list, each has its brace as its own place.
            key = header[-1].key
            is_one = item is value
            start, end = (key.start, key.end) if is_one else (item.start, item.start + 1)
            yield _block(header, body, start, end)

    def _no_label(self, header: _Header, value: Expression) -> None:
        if isinstance(value, Literal) and value.value is not None:
            return  # which is reported already
        self._report(
            "missing_label",
            "Missing label",
            f'A block of type "{_name_of(header[0])}" has a label, which is the name of a property '
            "here. Leave out the block where there is none.",
            value.start,
            value.end,
        )

    def _set_twice(self, name: str, earlier: Attribute, item: ObjectItem) -> None:
        line = self._source.text.count("\n", 0, earlier.name_start) + 1
        self._report(
            "duplicate_argument",
            "Argument set twice",
            f'The argument "{name}" was set on line {line} already. Each argument is set once; '
            "remove one of the two.",
            item.key.start,
            item.key.end,
        )

    def _report(self, code: str, summary: str, detail: str, start: int, end: int) -> None:
        place = SourceRange(self._source, start, end)
        self._diagnostics.append(error(code, summary, detail, place))


def _name_of(item: ObjectItem) -> str:
    assert isinstance(item.key, Literal)  # noqa: S101 - as `read_json` makes them
    return str(item.key.value)


def _block(header: _Header, body: Body, start: int, header_end: int) -> Block:
    first, *labels = header
    return Block(
        _name_of(first),
        [_name_of(label) for label in labels],
        body,
        first.key.start,
        first.key.end,
        [(label.key.start, label.key.end) for label in labels],
        header_end,
        start,
        max(header_end, body.end),
    )
