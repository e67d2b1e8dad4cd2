"""Reads the blocks that are not resources: variables, locals, outputs and settings."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from amlplan.config.blocks import (
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    Settings,
    Validation,
    VariableBlock,
)
from amlplan.config.expressions.convert import parse_type
from amlplan.config.parts import META_ARGUMENTS
from amlplan.config.static import static_value
from amlplan.diagnostics import SourceFile, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Attribute, Block, Body

IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")
MODULE_ARGUMENTS = frozenset({"source", *META_ARGUMENTS})
RESERVED_VARIABLES = frozenset({"source", "version", "count", "for_each", "depends_on"})


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
                "wronghas_labels",
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


class MetaBlocks:
    """Sorts variables, locals, outputs and settings into a configuration, file after file."""

    def __init__(self, configuration: Configuration, reporter: Reporter) -> None:
        self._configuration = configuration
        self._reporter = reporter
        self._settings_seen: SourceRange | None = None
        self.readers = {
            "amlplan": self._settings,
            "locals": self._locals,
            "module": self._module,
            "output": self._output,
            "variable": self._variable,
        }

    def _locals(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ()):
            return
        self._no_blocks(block.body, source, "locals")
        for attribute in block.body.attributes.values():
            place = SourceRange(source, attribute.name_start, attribute.name_end)
            if IDENTIFIER.match(attribute.name) is None:  # only the JSON syntax lets it be written
                self._reporter.report(
                    "invalid_name",
                    "Invalid name of a local",
                    f'"{attribute.name}" is no identifier: a name begins with a letter or '
                    "underscore and holds letters, digits, underscores and dashes.",
                    place,
                )
                continue
            placed = PlacedExpression(attribute.expression, source, "locals")
            earlier = self._configuration.locals.setdefault(attribute.name, placed)
            if earlier is not placed:
                self._reporter.twice("local", f"local.{attribute.name}", earlier.range, place)

    def _no_blocks(
        self, body: Body, source: SourceFile, context: str, allowed: frozenset[str] = frozenset()
    ) -> None:
        for block in body.blocks:
            if block.type not in allowed:
                self._reporter.report(
                    "unsupported_block",
                    "Unsupported block type",
                    f'Blocks of type "{block.type}" are not expected in {context}.',
                    SourceRange(source, block.start, block.header_end),
                )

    def _attributes(
        self, body: Body, source: SourceFile, context: str, known: frozenset[str]
    ) -> dict[str, Attribute]:
        """The attributes of a meta-block; others than the known are reported."""
        for name, attribute in body.attributes.items():
            if name not in known:
                near = difflib.get_close_matches(name, sorted(known), n=1)
                hint = f' Did you mean "{near[0]}"?' if near else ""
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

    def _literal(self, attribute: Attribute | None, source: SourceFile, default: object) -> object:
        """A meta-argument that must be known before anything is evaluated."""
        if attribute is None:
            return default
        value, found = static_value(attribute.expression, source)
        if not found or type(value) is not type(default):
            word = {bool: "true or false", str: "a plain string"}[type(default)]
            self._reporter.report(
                "literal_required",
                "Literal required",
                f'The argument "{attribute.name}" is read before expressions are, so it must be '
                f"{word}.",
                SourceRange(source, attribute.expression.start, attribute.expression.end),
            )
            return default
        return value

    def _variable(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'variable "{name}"'
        if name in RESERVED_VARIABLES:
            self._reporter.report(
                "reserved_name",
                "Reserved variable name",
                f'"{name}" is the name of a meta-argument. Choose another name.',
                header,
            )
            return
        known = frozenset({"type", "default", "description", "sensitive", "nullable"})
        attributes = self._attributes(block.body, source, context, known)
        self._no_blocks(block.body, source, context, frozenset({"validation"}))
        variable_type = None
        if "type" in attributes:
            variable_type, found = parse_type(attributes["type"].expression, source)
            self._configuration.diagnostics.extend(found)
        self._literal(attributes.get("description"), source, "")
        default = attributes.get("default")
        variable = VariableBlock(
            name=name,
            type=variable_type,
            default=PlacedExpression(default.expression, source, context) if default else None,
            sensitive=self._literal(attributes.get("sensitive"), source, default=False) is True,
            nullable=self._literal(attributes.get("nullable"), source, default=True) is True,
            validations=tuple(self._conditions(block.body, "validation", source, context)),
            header=header,
        )
        earlier = self._configuration.variables.setdefault(name, variable)
        if earlier is not variable:
            self._reporter.twice("variable", f"var.{name}", earlier.header, header)

    def _conditions(
        self, body: Body, block_type: str, source: SourceFile, context: str
    ) -> Iterator[Validation]:
        for block in body.blocks:
            if block.type != block_type:
                continue
            known = frozenset({"condition", "error_message"})
            attributes = self._attributes(block.body, source, context, known)
            header = SourceRange(source, block.start, block.header_end)
            if self._required(attributes, known, header, context):
                yield Validation(
                    PlacedExpression(attributes["condition"].expression, source, context),
                    PlacedExpression(attributes["error_message"].expression, source, context),
                )

    def _required(
        self,
        attributes: dict[str, Attribute],
        names: frozenset[str],
        header: SourceRange,
        context: str,
    ) -> bool:
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

    def _output(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'output "{name}"'
        known = frozenset({"value", "description", "sensitive"})
        attributes = self._attributes(block.body, source, context, known)
        self._no_blocks(block.body, source, context, frozenset({"precondition"}))
        if not self._required(attributes, frozenset({"value"}), header, context):
            return
        description = self._literal(attributes.get("description"), source, "")
        output = OutputBlock(
            name=name,
            value=PlacedExpression(attributes["value"].expression, source, context),
            sensitive=self._literal(attributes.get("sensitive"), source, default=False) is True,
            description=str(description) or None,
            header=header,
            preconditions=tuple(self._conditions(block.body, "precondition", source, context)),
        )
        earlier = self._configuration.outputs.setdefault(name, output)
        if earlier is not output:
            self._reporter.twice("output", f"output.{name}", earlier.header, header)

    def _module(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'module "{name}"'
        self._no_blocks(block.body, source, context)
        placed = {
            argument: PlacedExpression(attribute.expression, source, context)
            for argument, attribute in block.body.attributes.items()
        }
        if not self._required(dict(block.body.attributes), frozenset({"source"}), header, context):
            return
        call = ModuleCall(
            name=name,
            arguments={key: item for key, item in placed.items() if key not in MODULE_ARGUMENTS},
            meta={key: item for key, item in placed.items() if key in META_ARGUMENTS},
            folder=placed["source"],
            header=header,
        )
        earlier = self._configuration.calls.setdefault(name, call)
        if earlier is not call:
            self._reporter.twice("module", context, earlier.header, header)

    def _settings(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ()):
            return
        if self._settings_seen is not None:
            self._reporter.twice("settings", "The amlplan block", self._settings_seen, header)
            return
        self._settings_seen = header
        attributes = self._attributes(
            block.body, source, "amlplan", frozenset({"required_version"})
        )
        self._no_blocks(block.body, source, "amlplan", frozenset({"state"}))
        states = [inner for inner in block.body.blocks if inner.type == "state"]
        for extra in states[1:]:
            place = SourceRange(source, extra.start, extra.header_end)
            first = SourceRange(source, states[0].start, states[0].header_end)
            self._reporter.twice("state", "The state block", first, place)
        label = "local"
        if states and self._reporter.has_labels(
            states[0], SourceRange(source, states[0].start, states[0].header_end), ("kind",)
        ):
            label = states[0].labels[0]
        version = self._literal(attributes.get("required_version"), source, "")
        self._configuration.settings = Settings(
            required_version=str(version) or None,
            state_label=label,
            state_body=states[0].body if states else None,
            state_header=(
                SourceRange(source, states[0].start, states[0].header_end) if states else None
            ),
            source=source,
        )
