"""Reads the blocks that are not resources: variables, locals, outputs and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.blocks import (
    CheckBlock,
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    Settings,
    VariableBlock,
)
from amlplan.config.evaluating.parts import META_ARGUMENTS
from amlplan.config.expressions.convert import parse_type
from amlplan.config.reading.reporter import IDENTIFIER, Reporter
from amlplan.diagnostics import SourceFile, SourceRange

if TYPE_CHECKING:
    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Attribute, Block

MODULE_ARGUMENTS = frozenset({"source", *META_ARGUMENTS})
RESERVED_VARIABLES = frozenset({"source", "version", "count", "for_each", "depends_on"})


class MetaBlocks:
    """Sorts variables, locals, outputs and settings into a configuration, file after file."""

    def __init__(self, configuration: Configuration, reporter: Reporter) -> None:
        self._configuration = configuration
        self._reporter = reporter
        self._settings_seen: SourceRange | None = None
        self.readers = {
            "amlplan": self._settings,
            "check": self._check,
            "locals": self._locals,
            "module": self._module,
            "output": self._output,
            "variable": self._variable,
        }

    def _locals(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ()):
            return
        self._reporter.no_blocks(block.body, source, "locals")
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
        attributes = self._reporter.attributes(block.body, source, context, known)
        self._reporter.no_blocks(block.body, source, context, frozenset({"validation"}))
        variable_type = None
        if "type" in attributes:
            variable_type, found = parse_type(attributes["type"].expression, source)
            self._configuration.diagnostics.extend(found)
        self._reporter.literal(attributes.get("description"), source, "")
        default = attributes.get("default")
        variable = VariableBlock(
            name=name,
            type=variable_type,
            default=PlacedExpression(default.expression, source, context) if default else None,
            sensitive=self._reporter.literal(attributes.get("sensitive"), source, default=False)
            is True,
            nullable=self._reporter.literal(attributes.get("nullable"), source, default=True)
            is True,
            validations=self._reporter.conditions(block.body, "validation", source, context),
            header=header,
        )
        earlier = self._configuration.variables.setdefault(name, variable)
        if earlier is not variable:
            self._reporter.twice("variable", f"var.{name}", earlier.header, header)

    def _flag(self, attribute: Attribute | None, source: SourceFile, *, default: bool) -> bool:
        return self._reporter.literal(attribute, source, default) is True

    def _output(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'output "{name}"'
        known = frozenset({"value", "description", "sensitive"})
        attributes = self._reporter.attributes(block.body, source, context, known)
        self._reporter.no_blocks(block.body, source, context, frozenset({"precondition"}))
        if not self._reporter.required(attributes, frozenset({"value"}), header, context):
            return
        description = self._reporter.literal(attributes.get("description"), source, "")
        output = OutputBlock(
            name=name,
            value=PlacedExpression(attributes["value"].expression, source, context),
            sensitive=self._reporter.literal(attributes.get("sensitive"), source, default=False)
            is True,
            description=str(description) or None,
            header=header,
            preconditions=tuple(
                self._reporter.conditions(block.body, "precondition", source, context)
            ),
        )
        earlier = self._configuration.outputs.setdefault(name, output)
        if earlier is not output:
            self._reporter.twice("output", f"output.{name}", earlier.header, header)

    def _module(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'module "{name}"'
        self._reporter.no_blocks(block.body, source, context)
        placed = {
            argument: PlacedExpression(attribute.expression, source, context)
            for argument, attribute in block.body.attributes.items()
        }
        if not self._reporter.required(
            dict(block.body.attributes), frozenset({"source"}), header, context
        ):
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

    def _check(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'check "{name}"'
        self._reporter.no_blocks(block.body, source, context, frozenset({"assert"}))
        known = frozenset({"severity"})
        severity = self._reporter.attributes(block.body, source, context, known).get("severity")
        assertions = self._reporter.conditions(block.body, "assert", source, context)
        if not any(inner.type == "assert" for inner in block.body.blocks):
            self._reporter.report(
                "missing_block",
                "Missing required block",
                "A check needs an assert block with a condition and an error_message.",
                header,
            )
        placed = PlacedExpression(severity.expression, source, context) if severity else None
        check = CheckBlock(name, assertions, placed, header)
        earlier = self._configuration.checks.setdefault(name, check)
        if earlier is not check:
            self._reporter.twice("check", context, earlier.header, header)

    def _settings(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ()):
            return
        if self._settings_seen is not None:
            self._reporter.twice("settings", "The amlplan block", self._settings_seen, header)
            return
        self._settings_seen = header
        attributes = self._reporter.attributes(
            block.body, source, "amlplan", frozenset({"required_version"})
        )
        self._reporter.no_blocks(block.body, source, "amlplan", frozenset({"state"}))
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
        version = self._reporter.literal(attributes.get("required_version"), source, "")
        self._configuration.settings = Settings(
            required_version=str(version) or None,
            state_label=label,
            state_body=states[0].body if states else None,
            state_header=(
                SourceRange(source, states[0].start, states[0].header_end) if states else None
            ),
            source=source,
        )
