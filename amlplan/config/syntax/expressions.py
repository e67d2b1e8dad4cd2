"""Parses expressions: operators, terms and the steps after them."""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, ClassVar, Final

from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.collections import parse_braces, parse_brackets
from amlplan.config.syntax.nodes import (
    Binary,
    Conditional,
    Expression,
    FunctionCall,
    Index,
    Literal,
    Parentheses,
    RelativeTraversal,
    Splat,
    SplatItem,
    Step,
    Traversal,
    Unary,
)
from amlplan.config.syntax.numerals import MAX_DIGITS, number_of, out_of_range
from amlplan.config.syntax.reader import Reader
from amlplan.config.syntax.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable

_PRECEDENCE: Final = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, ">": 4, ">=": 4, "<": 4, "<=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_KEYWORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_NUMERAL: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_SIMPLE = frozenset({token.IDENTIFIER, token.STRING, token.NUMBER})
_AFTER_SIMPLE = frozenset({token.NEWLINE, token.END, ",", "}", "]", ")", token.SEQUENCE_CLOSE})


class ExpressionParser(Reader):
    """Parses one expression at a time from the reader's position."""

    __slots__ = ()

    def expression(self) -> Expression:
        """Parse an expression with all its operators (spec: Expressions, Operations)."""
        kind = self.kinds[self.position]
        after = self.kinds[self.position + 1]
        if kind in _SIMPLE and after in _AFTER_SIMPLE:
            return self._TERMS[kind](self)
        if kind == token.IDENTIFIER and after == ".":
            reference = self._plain_reference()
            if reference is not None:
                return reference
        self.deeper()
        first = self._operation()
        if self.take("?"):
            then = self.expression()
            self.expect(
                ":",
                "missing_false_branch",
                "Missing false branch",
                'A conditional needs both results: condition ? one : other. The ":" is missing.',
            )
            otherwise = self.expression()
            first = Conditional(first, then, otherwise, first.start, otherwise.end)
        self.depth -= 1
        return first

    def _plain_reference(self) -> Traversal | None:
        """Parse names with dots between them where nothing else follows: most references are that.

        None where something does; then nothing is read.
        """
        kinds, starts, ends, text = self.kinds, self.starts, self.ends, self.text
        first = last = self.position
        while kinds[last + 1] == "." and kinds[last + 2] == token.IDENTIFIER:
            last += 2
        if kinds[last + 1] not in _AFTER_SIMPLE:
            return None
        root_end, end = ends[first], ends[last]
        start = starts[first]
        if text[start:root_end] in _KEYWORDS:
            return None
        steps = [
            Step(intern(text[starts[at] : ends[at]]), True, starts[at - 1], ends[at])  # noqa: FBT003
            for at in range(first + 2, last + 1, 2)
        ]
        self.position = last + 1
        return Traversal(intern(text[start:root_end]), steps, start, root_end, end)

    def _operation(self) -> Expression:
        """Parse operands and the binary operators between them."""
        operand = self._operand()
        if self.kinds[self.position] not in _PRECEDENCE:
            return operand
        operands, operators = [operand], list[int]()
        while (operator := self.kinds[self.position]) in _PRECEDENCE:
            precedence = _PRECEDENCE[operator]
            while operators and _PRECEDENCE[self.kinds[operators[-1]]] >= precedence:
                self._join(operands, operators)
            operators.append(self.position)
            self.position += 1
            operands.append(self._operand())
        while operators:
            self._join(operands, operators)
        return operands[0]

    def _join(self, operands: list[Expression], operators: list[int]) -> None:
        position = operators.pop()
        right, left = operands.pop(), operands.pop()
        operands.append(
            Binary(self.kinds[position], left, right, self.starts[position], left.start, right.end)
        )

    def _operand(self) -> Expression:
        kind = self.kinds[self.position]
        if kind in {"-", "!"}:
            start = self.starts[self.position]
            self.position += 1
            self.deeper()
            operand = self._operand()
            self.depth -= 1
            return Unary(kind, operand, start, operand.end)
        term = self._term()
        while self.kinds[self.position] in {".", "["}:
            term = self._step(term)
        return term

    def _term(self) -> Expression:
        parse = self._TERMS.get(self.kinds[self.position])
        if parse is None:
            raise self.unexpected(
                "invalid_expression",
                "Invalid expression",
                "A value is expected here: a number, a string, a reference, a function call, a "
                "list or an object.",
            )
        return parse(self)

    def _number(self) -> Expression:
        start, end = self.starts[self.position], self.ends[self.position]
        self.position += 1
        text = self.text[start:end]
        if text.isdigit() and len(text) < MAX_DIGITS:
            return Literal(int(text), start, end)
        if not _NUMERAL.fullmatch(text):
            raise self.failure(
                "invalid_number",
                "Invalid number",
                "A number has digits, one point at most, and one exponent, as in 1.5e3.",
                start,
                end,
            )
        number = number_of(text)
        if number is None:
            raise self.failure(*out_of_range(), start, end)
        return Literal(number, start, end)

    def _string(self) -> Expression:
        start, end = self.starts[self.position], self.ends[self.position]
        self.position += 1
        return Literal(self.text[start + 1 : end - 1], start, end)

    def _name(self) -> Expression:
        """Parse a keyword, a function call or the root of a traversal."""
        start, end = self.starts[self.position], self.ends[self.position]
        name = intern(self.text[start:end])
        self.position += 1
        while self._is_namespace():
            self.position += 3
            end = self.ends[self.position - 1]
            name = f"{name}::{self.token_text(self.position - 1)}"
        if self.kinds[self.position] == "(":
            return self._call(name, start, end)
        if "::" in name:
            raise self.unexpected(
                "missing_parenthesis",
                "Missing opening parenthesis",
                "Only functions have names with :: in them; their arguments follow in parentheses.",
            )
        if name in _KEYWORDS:
            return Literal(_KEYWORDS[name], start, end)
        return Traversal(name, [], start, end, end)

    def _is_namespace(self) -> bool:
        """Say whether :: and a name follow; a conditional never has two colons in a row."""
        at = self.position
        return self.kinds[at] == ":" and (
            self.kinds[at : at + 3] == [":", ":", token.IDENTIFIER]
            and self.starts[at + 1] == self.ends[at]
        )

    def _call(self, name: str, start: int, name_end: int) -> Expression:
        """Parse the arguments of a call (spec: Functions and Function Calls)."""
        self.position += 1
        arguments: list[Expression] = []
        expand_final = False
        while self.kinds[self.position] != ")":
            arguments.append(self.expression())
            expand_final = self.take("...")
            if expand_final or not self.take(","):
                break
        self.expect(
            ")",
            "missing_parenthesis",
            "Missing closing parenthesis",
            "After an argument of a function call a comma or a closing parenthesis is expected; "
            '"..." stands only after the last argument.',
        )
        return FunctionCall(
            name, arguments, expand_final, start, name_end, self.ends[self.position - 1]
        )

    def _parentheses(self) -> Expression:
        start = self.starts[self.position]
        self.position += 1
        inner = self.expression()
        self.expect(
            ")",
            "missing_parenthesis",
            "Missing closing parenthesis",
            "An opening parenthesis before this has no closing one, or an operator is missing.",
        )
        return Parentheses(inner, start, self.ends[self.position - 1])

    def _step(self, source: Expression) -> Expression:
        """Parse one step after a value: attribute, index or splat (spec: Index Operator ff.)."""
        if self.kinds[self.position] == "[":
            if self.kinds[self.position + 1] == "*" and self.kinds[self.position + 2] == "]":
                return self._full_splat(source)
            return self._index(source)
        after = self.kinds[self.position + 1]
        if after == "*":
            return self._attribute_splat(source)
        return self._attribute(source)

    def _attribute(self, source: Expression) -> Expression:
        start = self.starts[self.position]
        self.position += 1
        if self.kinds[self.position] == token.NUMBER:
            return self._legacy_index(source, start)
        name = self.identifier(
            "invalid_attribute_name",
            "Invalid attribute name",
            "After a dot the name of an attribute is expected.",
        )
        return _with_step(source, Step(name, True, start, self.ends[self.position - 1]))  # noqa: FBT003

    def _legacy_index(self, source: Expression, start: int) -> Expression:
        """Parse `.0`; two of them in a row would read like a fraction and are not allowed."""
        end = self.ends[self.position]
        text = self.token_text(self.position)
        index = None if "." in text else number_of(text)
        if not isinstance(index, int):
            raise self.failure(
                "invalid_legacy_index",
                "Invalid legacy index",
                "After a dot one whole number can stand. Write the index in brackets, like [1][0].",
                self.starts[self.position],
                end,
            )
        self.position += 1
        return _with_step(source, Step(index, False, start, end))  # noqa: FBT003

    def _index(self, source: Expression) -> Expression:
        start = self.starts[self.position]
        self.position += 1
        key = self.expression()
        self.expect(
            "]",
            "missing_bracket",
            "Missing closing bracket",
            "The index before this has no closing bracket.",
        )
        end = self.ends[self.position - 1]
        if isinstance(key, Literal) and type(key.value) in {int, str}:
            return _with_step(source, Step(key.value, False, start, end))  # type: ignore[arg-type]  # noqa: FBT003
        return Index(source, key, source.start, end)

    def _full_splat(self, source: Expression) -> Expression:
        """Parse `[*]`; every step after it is taken of each item."""
        end = self.ends[self.position + 2]
        each: Expression = SplatItem(self.starts[self.position], end)
        self.position += 3
        self.deeper()
        while self.kinds[self.position] in {".", "["}:
            each = self._step(each)
        self.depth -= 1
        return Splat(source, each, True, source.start, each.end)  # noqa: FBT003

    def _attribute_splat(self, source: Expression) -> Expression:
        """Parse `.*`; only the attributes after it are taken of each item."""
        each: Expression = SplatItem(self.starts[self.position], self.ends[self.position + 1])
        self.position += 2
        while self.kinds[self.position] == ".":
            if self.kinds[self.position + 1] == "*":
                raise self.failure(
                    "nested_splat",
                    "Nested splat",
                    'A ".*" cannot stand after another. Use "[*]", which nests.',
                    self.starts[self.position],
                    self.ends[self.position + 1],
                )
            each = self._attribute(each)
        return Splat(source, each, False, source.start, each.end)  # noqa: FBT003

    _TERMS: ClassVar[dict[str, Callable[[ExpressionParser], Expression]]] = {
        token.IDENTIFIER: _name,
        token.STRING: _string,
        token.NUMBER: _number,
        token.QUOTE_OPEN: parse_template,
        token.HEREDOC_OPEN: parse_template,
        "(": _parentheses,
        "[": parse_brackets,
        "{": parse_braces,
    }


def _with_step(source: Expression, step: Step) -> Expression:
    if isinstance(source, Traversal | RelativeTraversal):
        source.steps.append(step)
        source.end = step.end
        return source
    return RelativeTraversal(source, [step], source.start, step.end)
