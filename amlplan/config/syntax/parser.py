"""Parses files and single expressions of the HCL native syntax."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Final

from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.expressions import ExpressionParser
from amlplan.config.syntax.nodes import Attribute, Block, Body, Expression
from amlplan.config.syntax.reader import SyntaxFailure, too_deep
from amlplan.config.syntax.recovery import go_to_next_item
from amlplan.config.syntax.templates import parse_plain_string, parse_template
from amlplan.diagnostics import Diagnostic, SourceFile, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Callable

_LABEL_OR_BRACE: Final = frozenset({token.IDENTIFIER, token.STRING, token.QUOTE_OPEN, "{"})


def parse(source: SourceFile) -> tuple[Body, list[Diagnostic]]:
    """Parse a file: what could be read, and every mistake found, in source order.

    Never raises; a body that comes with diagnostics lacks the items they are about.
    """
    parser = _BodyParser(source)
    body = Body(end=len(source.text))
    try:
        parser.items(body, token.END)
    except RecursionError:
        parser.diagnostics.append(_recursion(source, parser.starts[parser.position]))
    return body, parser.diagnostics


def parse_expression(
    source: SourceFile, depth: int = 0
) -> tuple[Expression | None, list[Diagnostic]]:
    """Parse a text that is one expression, as the value of `-var`; None where it is none.

    `depth` is how deep it is nested in something else already.
    """
    return _parse_whole(_BodyParser(source), depth, _BodyParser.expression)


def parse_template_text(
    source: SourceFile, depth: int = 0
) -> tuple[Expression | None, list[Diagnostic]]:
    """Parse a text that is a template without quotes around it; None where it is none."""
    return _parse_whole(_BodyParser(source, is_template=True), depth, parse_template)


def _parse_whole(
    parser: _BodyParser, depth: int, parse_one: Callable[[_BodyParser], Expression]
) -> tuple[Expression | None, list[Diagnostic]]:
    parser.depth = depth
    try:
        parser.skip_newlines()
        found = parse_one(parser)
        parser.skip_newlines()
        parser.expect(
            token.END,
            "extra_characters",
            "Extra characters after expression",
            "The expression is complete before this. Remove the rest, or join it by an operator.",
        )
    except SyntaxFailure as failure:
        return None, [failure.diagnostic]
    except RecursionError:
        return None, [_recursion(parser.source, parser.starts[parser.position])]
    return found, []


def _recursion(source: SourceFile, start: int) -> Diagnostic:
    return error(*too_deep(), SourceRange(source, start, min(start + 1, len(source.text))))


class _BodyParser(ExpressionParser):
    """Parses attributes and blocks, each by itself (spec: Structural Elements)."""

    __slots__ = ("_lost_braces", "_reported_unclosed")

    def __init__(self, source: SourceFile, *, is_template: bool = False) -> None:
        super().__init__(source, is_template=is_template)
        self._reported_unclosed = False
        self._lost_braces = 0

    def items(self, body: Body, closing: str) -> None:
        """Parse items into the body up to `closing`, and leave the reader there."""
        kinds = self.kinds
        while True:
            position = self.position
            kind = kinds[position]
            if kind == token.NEWLINE:
                self.position += 1
                continue
            if kind in {closing, token.END}:
                return
            if kind == "}" and self._lost_braces:
                self._lost_braces -= 1
                self.position += 1
                continue
            depth = self.depth
            try:
                self._item(body)
                self._end_of_item()
            except SyntaxFailure as failure:
                self.diagnostics.append(failure.diagnostic)
                self.depth = depth
                if failure.diagnostic.code == too_deep()[0]:
                    self._reported_unclosed = True
                    self.position = len(kinds) - 1
                    return
                self._lost_braces += self._loses_brace(failure)
                go_to_next_item(self, position, in_block=closing == "}")

    def _loses_brace(self, failure: SyntaxFailure) -> bool:
        """Say whether a string without end has swallowed the opening brace of its block."""
        place = failure.diagnostic.range
        if place is None or failure.diagnostic.code != "unterminated_string":
            return False
        line_end = self.text.find("\n", place.start)
        return self.text[place.start : line_end].rstrip().endswith("{")

    def _item(self, body: Body) -> None:
        position = self.position
        after = self.kinds[position + 1]
        if self.kinds[position] == token.IDENTIFIER:
            if after == "=":
                self._attribute_item(body)
                return
            if after in _LABEL_OR_BRACE:
                body.blocks.append(self._block())
                return
        raise self._no_item(after)

    def _no_item(self, after: str) -> SyntaxFailure:
        kind = self.kinds[self.position]
        if kind == "}":
            return self.unexpected(
                "unexpected_brace",
                "Unexpected closing brace",
                "No block is open here. Remove this brace, or add the opening one.",
            )
        if kind == token.STRING and after == "=":
            return self.unexpected(
                "quoted_argument_name",
                "Invalid argument name",
                "The name of an argument stands without quotes.",
            )
        detail = "An argument (name = value) or a block (type, labels, braces) is expected here."
        if kind == token.IDENTIFIER:
            if after == ":":
                detail = 'An argument is set with "=", not with ":".'
            elif after == token.NEWLINE and self.kinds[self.position + 2] == "{":
                detail = "The opening brace of a block stands on the line of its type and labels."
                failure = self.unexpected("invalid_item", "Argument or block expected", detail)
                self.position += 2
                return failure
            if after in {token.INVALID, token.UNTERMINATED}:
                self.position += 1
        return self.unexpected("invalid_item", "Argument or block expected", detail)

    def _attribute_item(self, body: Body) -> None:
        start, end = self.starts[self.position], self.ends[self.position]
        name = intern(self.text[start:end])
        self.position += 2
        expression = self.expression()
        earlier = body.attributes.get(name)
        if earlier is not None:
            line = self.text.count("\n", 0, earlier.name_start) + 1
            raise self.failure(
                "duplicate_argument",
                "Argument set twice",
                f'The argument "{name}" was set on line {line} already. Each argument is set '
                "once; remove one of the two.",
                start,
                end,
            )
        body.attributes[name] = Attribute(name, expression, start, end, start, expression.end)

    def _end_of_item(self) -> None:
        kind = self.kinds[self.position]
        if kind == token.NEWLINE:
            self.position += 1
        elif kind != token.END:
            raise self.unexpected(
                "missing_newline",
                "Missing line break",
                "After an argument or a block the line must end. Put what follows on a new line.",
            )

    def _block(self) -> Block:
        start, type_end = self.starts[self.position], self.ends[self.position]
        self.position += 1
        labels: list[str] = []
        ranges: list[tuple[int, int]] = []
        while (kind := self.kinds[self.position]) != "{":
            label_start = self.starts[self.position]
            labels.append(self._label(kind))
            ranges.append((label_start, self.ends[self.position - 1]))
        header_end = self.ends[self.position - 1]
        brace = self.position
        body = Body(start=self.starts[brace])
        self.position += 1
        self.deeper()
        self._block_body(body, brace)
        self.depth -= 1
        body.end = self.ends[self.position - 1]
        block_type = intern(self.text[start:type_end])
        return Block(block_type, labels, body, start, type_end, ranges, header_end, start, body.end)

    def _label(self, kind: str) -> str:
        if kind == token.QUOTE_OPEN:
            return parse_plain_string(self)
        if kind not in {token.IDENTIFIER, token.STRING}:
            raise self.unexpected(
                "invalid_block",
                "Invalid block definition",
                "After the type and labels of a block an opening brace is expected; to set an "
                'argument, write "=" after its name.',
            )
        self.position += 1
        text = self.token_text(self.position - 1)
        return text[1:-1] if kind == token.STRING else text

    def _block_body(self, body: Body, brace: int) -> None:
        """Parse what stands in a block's braces, and the closing one."""
        kind = self.kinds[self.position]
        if kind == token.NEWLINE:
            self.items(body, "}")
        elif kind not in {"}", token.END}:
            self._one_line_body(body)
        if self.take("}"):
            return
        if not self._reported_unclosed:
            self._reported_unclosed = True
            raise self.failure(
                "unclosed_block",
                "Unclosed block",
                "This block has no closing brace before the end of the file. A brace may be "
                "missing in it, or before it.",
                self.starts[brace],
                self.ends[brace],
            )

    def _one_line_body(self, body: Body) -> None:
        """Parse the one argument of a block on one line (spec: One-line Blocks)."""
        if self.kinds[self.position] != token.IDENTIFIER or self.kinds[self.position + 1] != "=":
            raise self._one_line_failure()
        self._attribute_item(body)
        if self.kinds[self.position] not in {"}", token.END}:
            raise self._one_line_failure()

    def _one_line_failure(self) -> SyntaxFailure:
        return self.unexpected(
            "invalid_one_line_block",
            "Invalid one-line block",
            "A block on one line holds one argument and nothing else. Put each argument and block "
            "on a line of its own, after a line break behind the opening brace.",
        )
