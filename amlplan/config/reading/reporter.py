"""Reads parts of blocks and notes what is wrong with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.config.blocks import Condition, PlacedExpression
from amlplan.config.static import static_value
from amlplan.diagnostics import SourceFile, SourceRange, error
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Attribute, Block, Body

IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")


class Reporter:
    """Notes mistakes of blocks in a configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def report(self, code: str, summary: str, detail: str, place: SourceRange) -> None:
        """Note a mistake; what it keeps from being read is left out."""
        self._configuration.diagnostics.append(error(code, summary, detail, place))

    def has_labels(self, block: Block, header: SourceRange, names: tuple[str, ...]) -> bool:
        """Whether a block has one label per name, each an identifier."""
        if len(block.labels) != len(names):
            wanted = " and ".join(names) if names else "no label"
            self.report(
                "wrong_labels",
                "Wrong number of labels",
                f'A block of type "{block.type}" takes {len(names)} '
                f"label{'' if len(names) == 1 else 's'} ({wanted}), and has {len(block.labels)}.",
                header,
            )
            return False
        for label in block.labels:
            if IDENTIFIER.match(label) is None:
                self.report(
                    "invalid_label",
                    "Invalid label",
                    f'"{label}" is no identifier: a label begins with a letter or underscore and '
                    "holds letters, digits, underscores and dashes. What the thing is called "
                    "outside is its `name` argument.",
                    header,
                )
                return False
        return True

    def twice(self, what: str, name: str, earlier: SourceRange, header: SourceRange) -> None:
        """Note that something was declared before."""
        line = earlier.position_of(earlier.start).line
        self.report(
            f"duplicate_{what}",
            f"Duplicate {what}",
            f"{name} was declared at {earlier.source.filename}:{line} already. Give one of them "
            "another label.",
            header,
        )

    def no_blocks(
        self, body: Body, source: SourceFile, context: str, allowed: frozenset[str] = frozenset()
    ) -> None:
        """Report blocks that may not stand in a meta-block."""
        for block in body.blocks:
            if block.type not in allowed:
                self.report(
                    "unsupported_block",
                    "Unsupported block type",
                    f'Blocks of type "{block.type}" are not expected in {context}.',
                    SourceRange(source, block.start, block.header_end),
                )

    def attributes(
        self, body: Body, source: SourceFile, context: str, known: frozenset[str]
    ) -> dict[str, Attribute]:
        """The attributes of a meta-block; others than the known are reported."""
        for name, attribute in body.attributes.items():
            if name not in known:
                hint = suggestion(name, known)
                self._configuration.diagnostics.append(
                    error(
                        "unsupported_argument",
                        "Unsupported argument",
                        f'An argument named "{name}" is not expected here.{hint}',
                        SourceRange(source, attribute.name_start, attribute.name_end),
                        context=context,
                    )
                )
        return {name: item for name, item in body.attributes.items() if name in known}

    def literal(self, attribute: Attribute | None, source: SourceFile, default: object) -> object:
        """A meta-argument that must be known before anything is evaluated."""
        if attribute is None:
            return default
        value, found = static_value(attribute.expression, source)
        if not found or type(value) is not type(default):
            word = {bool: "true or false", str: "a plain string"}[type(default)]
            self.report(
                "literal_required",
                "Literal required",
                f'The argument "{attribute.name}" is read before expressions are, so it must be '
                f"{word}.",
                SourceRange(source, attribute.expression.start, attribute.expression.end),
            )
            return default
        return value

    def conditions(
        self, body: Body, block_type: str, source: SourceFile, context: str
    ) -> tuple[Condition, ...]:
        """The conditions of the blocks of a type."""
        found: list[Condition] = []
        for block in body.blocks:
            if block.type != block_type:
                continue
            known = frozenset({"condition", "error_message"})
            attributes = self.attributes(block.body, source, context, known)
            header = SourceRange(source, block.start, block.header_end)
            if self.required(attributes, known, header, context):
                condition, message = (
                    PlacedExpression(attributes[name].expression, source, context)
                    for name in ("condition", "error_message")
                )
                found.append(Condition(condition, message))
        return tuple(found)

    def required(
        self,
        attributes: Mapping[str, Attribute],
        names: frozenset[str],
        header: SourceRange,
        context: str,
    ) -> bool:
        """Whether these are all there; those that lack are reported."""
        missing = sorted(names - attributes.keys())
        for name in missing:
            self._configuration.diagnostics.append(
                error(
                    "missing_argument",
                    "Missing required argument",
                    f'The argument "{name}" is required, but no definition was found.',
                    header,
                    context=context,
                )
            )
        return not missing
