"""Reads a folder of HCL into a `Configuration`."""

from __future__ import annotations

import difflib
import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amlplan.config.blocks import (
    Configuration,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
    Settings,
    Validation,
    VariableBlock,
)
from amlplan.config.expressions.convert import parse_type
from amlplan.config.files import read_project
from amlplan.config.static import static_value
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import Diagnostic, Severity, SourceFile, SourceRange, error
from amlplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from amlplan.config.syntax.nodes import Attribute, Block, Body

IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")
META_BLOCKS = frozenset({"amlplan", "variable", "locals", "output"})
META_ARGUMENTS = frozenset({"depends_on"})
RESERVED_VARIABLES = frozenset({"source", "version", "count", "for_each", "depends_on"})


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Syntax trees hold no cycles, and walking them over and over costs a third of a load."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def load(root: Path, block_types: Mapping[str, frozenset[str]]) -> Configuration:
    """The configuration of a folder; `block_types` has the kinds of each resource block type.

    Raises ConfigError where files cannot be read or parsed, with every mistake found; mistakes
    that leave the rest readable are in the result's `diagnostics`.
    """
    files, problems = read_project(root)
    configuration = Configuration(root, files.configuration, files.values)
    loader = _Loader(configuration, block_types)
    with _without_garbage_collection():
        for source in files.configuration:
            body, found = parse(source)
            problems.extend(found)
            loader.read(body, source)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConfigError(in_source_order([*problems, *configuration.diagnostics]))
    return configuration


def in_source_order(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics by file and place, those without a place first, each once."""
    unique = list(dict.fromkeys(diagnostics))
    return sorted(
        unique,
        key=lambda item: (item.range.source.filename, item.range.start) if item.range else ("", 0),
    )


class _Loader:
    """Sorts the blocks of one file after the other into a configuration."""

    def __init__(
        self, configuration: Configuration, block_types: Mapping[str, frozenset[str]]
    ) -> None:
        self._configuration = configuration
        self._block_types = block_types
        self._settings_seen: SourceRange | None = None

    def _report(self, code: str, summary: str, detail: str, place: SourceRange) -> None:
        self._configuration.diagnostics.append(error(code, summary, detail, place))

    def read(self, body: Body, source: SourceFile) -> None:
        for attribute in body.attributes.values():
            self._report(
                "unexpected_argument",
                "Unsupported argument",
                f'An argument named "{attribute.name}" is not expected at the top of a file; '
                "arguments stand inside blocks.",
                SourceRange(source, attribute.name_start, attribute.name_end),
            )
        for block in body.blocks:
            header = SourceRange(source, block.start, block.header_end)
            if block.type in self._block_types:
                self._resource(block, source, header)
            elif block.type == "variable":
                self._variable(block, source, header)
            elif block.type == "locals":
                self._locals(block, source, header)
            elif block.type == "output":
                self._output(block, source, header)
            elif block.type == "amlplan":
                self._settings(block, source, header)
            else:
                self._unknown_block(block, header)

    def _unknown_block(self, block: Block, header: SourceRange) -> None:
        known = sorted(META_BLOCKS | set(self._block_types))
        near = difflib.get_close_matches(block.type, known, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else f"Choose from: {', '.join(known)}."
        self._report(
            "unsupported_block",
            "Unsupported block type",
            f'Blocks of type "{block.type}" are not expected here. {hint}',
            header,
        )

    def _labels(self, block: Block, header: SourceRange, names: tuple[str, ...]) -> bool:
        """Whether a block has one label per name, each an identifier."""
        if len(block.labels) != len(names):
            wanted = " and ".join(names) if names else "no label"
            self._report(
                "wrong_labels",
                "Wrong number of labels",
                f'A block of type "{block.type}" takes {len(names)} '
                f"label{'' if len(names) == 1 else 's'} ({wanted}), and has {len(block.labels)}.",
                header,
            )
            return False
        for label in block.labels:
            if IDENTIFIER.match(label) is None:
                self._report(
                    "invalid_label",
                    "Invalid label",
                    f'"{label}" is no identifier: a label begins with a letter or underscore and '
                    "holds letters, digits, underscores and dashes. What the thing is called "
                    "outside is its `name` argument.",
                    header,
                )
                return False
        return True

    def _resource(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        kinds = self._block_types[block.type]
        has_kind = block.type not in kinds
        if not self._labels(block, header, ("kind", "name") if has_kind else ("name",)):
            return
        label = block.labels[-1]
        kind = f"{block.type}.{block.labels[0]}" if has_kind else block.type
        if kind not in kinds:
            known = sorted(name.partition(".")[2] for name in kinds)
            near = difflib.get_close_matches(block.labels[0], known, n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"Installed: {', '.join(known)}."
            self._report(
                "unknown_kind",
                "Unknown kind",
                f'No installed provider brings {block.type} "{block.labels[0]}". {hint}',
                header,
            )
            return
        address = f"{block.type}.{label}"
        resource = ResourceBlock(
            address, block.type, kind, label, block.body, source, block.start, block.header_end
        )
        earlier = self._configuration.resources.setdefault(address, resource)
        if earlier is not resource:
            self._twice("resource", address, earlier.header, header)

    def _twice(self, what: str, name: str, earlier: SourceRange, header: SourceRange) -> None:
        line = earlier.position_of(earlier.start).line
        self._report(
            f"duplicate_{what}",
            f"Duplicate {what}",
            f"{name} was declared at {earlier.source.filename}:{line} already. Give one of them "
            "another label.",
            header,
        )

    def _locals(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._labels(block, header, ()):
            return
        self._no_blocks(block.body, source, "locals")
        for attribute in block.body.attributes.values():
            placed = PlacedExpression(attribute.expression, source, "locals")
            earlier = self._configuration.locals.setdefault(attribute.name, placed)
            if earlier is not placed:
                place = SourceRange(source, attribute.name_start, attribute.name_end)
                self._twice("local", f"local.{attribute.name}", earlier.range, place)

    def _no_blocks(
        self, body: Body, source: SourceFile, context: str, allowed: frozenset[str] = frozenset()
    ) -> None:
        for block in body.blocks:
            if block.type not in allowed:
                self._report(
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
            self._report(
                "literal_required",
                "Literal required",
                f'The argument "{attribute.name}" is read before expressions are, so it must be '
                f"{word}.",
                SourceRange(source, attribute.expression.start, attribute.expression.end),
            )
            return default
        return value

    def _variable(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'variable "{name}"'
        if name in RESERVED_VARIABLES:
            self._report(
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
            validations=tuple(self._validations(block.body, source, context)),
            header=header,
        )
        earlier = self._configuration.variables.setdefault(name, variable)
        if earlier is not variable:
            self._twice("variable", f"var.{name}", earlier.header, header)

    def _validations(self, body: Body, source: SourceFile, context: str) -> Iterator[Validation]:
        for block in body.blocks:
            if block.type != "validation":
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
        if not self._labels(block, header, ("name",)):
            return
        name = block.labels[0]
        context = f'output "{name}"'
        known = frozenset({"value", "description", "sensitive"})
        attributes = self._attributes(block.body, source, context, known)
        self._no_blocks(block.body, source, context)
        if not self._required(attributes, frozenset({"value"}), header, context):
            return
        description = self._literal(attributes.get("description"), source, "")
        output = OutputBlock(
            name=name,
            value=PlacedExpression(attributes["value"].expression, source, context),
            sensitive=self._literal(attributes.get("sensitive"), source, default=False) is True,
            description=str(description) or None,
            header=header,
        )
        earlier = self._configuration.outputs.setdefault(name, output)
        if earlier is not output:
            self._twice("output", f"output.{name}", earlier.header, header)

    def _settings(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._labels(block, header, ()):
            return
        if self._settings_seen is not None:
            self._twice("settings", "The amlplan block", self._settings_seen, header)
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
            self._twice("state", "The state block", first, place)
        label = "local"
        if states and self._labels(
            states[0], SourceRange(source, states[0].start, states[0].header_end), ("kind",)
        ):
            label = states[0].labels[0]
        version = self._literal(attributes.get("required_version"), source, "")
        self._configuration.settings = Settings(
            required_version=str(version) or None,
            state_label=label,
            state_body=states[0].body if states else None,
            source=source,
        )
