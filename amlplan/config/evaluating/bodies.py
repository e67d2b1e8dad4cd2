"""Evaluates the body of a resource into the values of its model's fields."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from amlplan.config.evaluating.parts import DYNAMIC, LIFECYCLE, META_ARGUMENTS, iterator_of
from amlplan.config.expressions.evaluate import EvaluationError, evaluate, literal_value
from amlplan.config.expressions.marks import marked, unmarked
from amlplan.config.syntax.nodes import Literal, Traversal
from amlplan.diagnostics import Diagnostic, SourceRange, error
from amlplan.values import UNKNOWN
from amlplan_schemas.base import LocalPath, block_fields, labelled_block_fields, marked_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

    from amlplan.config.blocks import ResourceBlock
    from amlplan.config.expressions.scope import Scope
    from amlplan.config.syntax.nodes import Block, Body, Expression
    from amlplan.values import Value


@dataclass(frozen=True, slots=True)
class _Form:
    """What a model says of the arguments and blocks in a body."""

    fields: frozenset[str]
    paths: frozenset[str]
    nested: Mapping[str, type[BaseModel]]
    labelled: Mapping[str, type[BaseModel]]


@cache
def _form_of(model: type[BaseModel]) -> _Form:
    return _Form(
        fields=frozenset(model.model_fields),
        paths=marked_fields(model, LocalPath),
        nested=block_fields(model),
        labelled=labelled_block_fields(model),
    )


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads one resource block; mistakes go into `problems`, what they are about is left out."""

    block: ResourceBlock
    problems: list[Diagnostic]

    def read(self, model: type[BaseModel], scope: Scope) -> dict[str, Value]:
        """The values of the model's fields, as far as the block gives them."""
        return self._body(self.block.body, model, scope, META_ARGUMENTS)

    def _body(
        self,
        body: Body,
        model: type[BaseModel],
        scope: Scope,
        meta: frozenset[str] = frozenset(),
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        form = _form_of(model)
        paths, nested, labelled = form.paths, form.nested, form.labelled
        for name, attribute in body.attributes.items():
            if name in meta:
                continue
            if name in nested or name in labelled:
                label = ' "name"' if name in labelled else ""
                place = SourceRange(self.block.source, attribute.name_start, attribute.name_end)
                self._written_as(name, place, "block", f"{name}{label} {{ … }}")
                continue
            value, is_there = self._value(attribute.expression, scope)
            if not is_there:
                continue
            if name not in form.fields:
                values[name] = None  # its check reports it, whatever the value will be
            elif value is not None:  # null is as good as left out
                values[name] = _root_relative(value) if name in paths else value
        for inner in body.blocks:
            if inner.type == DYNAMIC:
                self._dynamic(inner, model, scope, values)
            elif not (meta and inner.type == LIFECYCLE):
                self._nested(inner, inner.type, inner.labels, inner.body, model, scope, values)
        return values

    def _value(self, expression: Expression, scope: Scope) -> tuple[Value, bool]:
        """The value of an expression, and whether it has one."""
        if type(expression) is Literal:
            return literal_value(expression), True
        try:
            return evaluate(expression, scope, self.block.source), True
        except EvaluationError as failure:
            self.problems.extend(
                item.within(self.block.context, self.block.address) for item in failure.diagnostics
            )
            return None, False

    def _nested(
        self,
        place: Block,
        name: str,
        labels: list[str],
        body: Body,
        model: type[BaseModel],
        scope: Scope,
        values: dict[str, Value],
    ) -> None:
        """Put a block in a block among the values; `place` is where mistakes are shown."""
        form = _form_of(model)
        nested, labelled = form.nested, form.labelled
        header = SourceRange(self.block.source, place.start, place.header_end)
        wanted = 1 if name in labelled else 0
        is_field = name in form.fields
        if is_field and name not in nested and name not in labelled:
            self._written_as(name, header, "argument", f"{name} = …")
        elif is_field and len(labels) != wanted:
            self._wrong_labels(name, header, wanted)
        elif name in labelled:
            found = values.setdefault(name, {})
            if found is UNKNOWN:
                return
            if not isinstance(found, dict) or labels[0] in found:
                self._twice(f'{name} "{labels[0]}"', header)
                return
            found[labels[0]] = self._body(body, labelled[name], scope)
        elif values.get(name) is UNKNOWN:
            return
        elif name in values:
            self._twice(name, header)
        elif name in nested:
            values[name] = self._body(body, nested[name], scope)
        else:
            values[name] = {}  # its check reports it

    def _dynamic(
        self, block: Block, model: type[BaseModel], scope: Scope, values: dict[str, Value]
    ) -> None:
        """Put the blocks that a `dynamic` block stands for among the values."""
        content = self._content(block)
        if content is None:
            return
        name = block.labels[0]
        elements = self._elements(block, scope)
        if elements is None:
            values[name] = UNKNOWN
            return
        labels = block.body.attributes.get("labels")
        for key, item in elements:
            inner = scope.with_values({iterator_of(block): {"key": key, "value": item}})
            texts: list[str] = []
            if labels is not None:
                found, is_there = self._value(labels.expression, inner)
                if not is_there:
                    return
                if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
                    text = "The labels of a dynamic block must be a list of known strings."
                    self._report(
                        "invalid_dynamic", "Invalid dynamic block", text, labels.expression
                    )
                    return
                texts = [str(text) for text in found]
            self._nested(block, name, texts, content.body, model, inner, values)

    def _content(self, block: Block) -> Block | None:
        """The one `content` block of a `dynamic` block, or None with what is wrong."""
        before = len(self.problems)
        if len(block.labels) != 1:
            self._wrong_dynamic(block, "takes one label, the type of the blocks that it makes")
        for name, attribute in block.body.attributes.items():
            if name not in {"for_each", "iterator", "labels"}:
                self._wrong_dynamic(block, f'takes for_each, iterator and labels, not "{name}"')
            elif name == "iterator" and not _is_name(attribute.expression):
                self._wrong_dynamic(block, "has an iterator that is no plain name")
        if "for_each" not in block.body.attributes:
            self._wrong_dynamic(block, "needs for_each")
        contents = block.body.blocks
        if len(contents) != 1 or contents[0].type != "content" or contents[0].labels:
            self._wrong_dynamic(block, "needs one content block without labels, and nothing else")
        return contents[0] if len(self.problems) == before else None

    def _elements(self, block: Block, scope: Scope) -> list[tuple[Value, Value]] | None:
        """Key and value for each block to make; None where that is not known yet."""
        expression = block.body.attributes["for_each"].expression
        found, is_there = self._value(expression, scope)
        value, was_marked = unmarked(found)
        if not is_there:
            return []
        if value is UNKNOWN:
            return None
        if isinstance(value, dict | list):
            pairs = sorted(value.items()) if isinstance(value, dict) else _numbered(value)
            return [(marked(key, was_marked), marked(item, was_marked)) for key, item in pairs]
        text = "The argument for_each of a dynamic block takes a list, a set, a map or an object."
        self._report("invalid_dynamic", "Invalid dynamic block", text, expression)
        return []

    # What is wrong.

    def _report(self, code: str, summary: str, detail: str, at: Expression) -> None:
        place = SourceRange(self.block.source, at.start, at.end)
        self._add(code, summary, detail, place)

    def _add(self, code: str, summary: str, detail: str, place: SourceRange) -> None:
        context, address = self.block.context, self.block.address
        self.problems.append(error(code, summary, detail, place, context=context, address=address))

    def _wrong_dynamic(self, block: Block, what: str) -> None:
        place = SourceRange(self.block.source, block.start, block.header_end)
        self._add("invalid_dynamic", "Invalid dynamic block", f"A dynamic block {what}.", place)

    def _written_as(self, name: str, place: SourceRange, form: str, example: str) -> None:
        summary = "Unsupported argument" if form == "block" else "Unsupported block type"
        what = "a block" if form == "block" else "an argument"
        detail = f'"{name}" is written as {what} here, as in: {example}'
        self._add("wrong_form", summary, detail, place)

    def _wrong_labels(self, name: str, place: SourceRange, wanted: int) -> None:
        takes = f'takes one label, as in {name} "main"' if wanted else "takes no label"
        detail = f'A block of type "{name}" {takes}.'
        self._add("wrong_labels", "Wrong number of labels", detail, place)

    def _twice(self, name: str, place: SourceRange) -> None:
        detail = f'A block of type "{name}" may stand here once.'
        self._add("duplicate_block", "Duplicate block", detail, place)


def _is_name(expression: Expression) -> bool:
    return isinstance(expression, Traversal) and not expression.steps


def _numbered(items: list[Value]) -> Iterator[tuple[Value, Value]]:
    """Elements with their keys: the index in a list, the element itself in a set."""
    from amlplan.config.expressions.typed_collections import SetValue

    for index, item in enumerate(items):
        yield (item if isinstance(items, SetValue) else index), item


def _root_relative(value: Value) -> Value:
    """Local paths in their one spelling: forward slashes, no detours; `~` and `/` stay."""
    if isinstance(value, list):
        return [_root_relative(item) for item in value]
    if not isinstance(value, str) or not value or value.startswith("~"):
        return value
    return os.path.normpath(value).replace(os.sep, "/")
