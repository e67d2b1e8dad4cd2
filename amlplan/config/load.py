"""Reads a folder of HCL into a `Configuration`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from amlplan.collector import collector_paused
from amlplan.config.blocks import Configuration, ResourceBlock
from amlplan.config.files import is_json, read_project
from amlplan.config.forms import file_form
from amlplan.config.meta_blocks import MetaBlocks, Reporter
from amlplan.config.syntax.json_body import parse_json
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import Diagnostic, Severity, SourceFile, SourceRange
from amlplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.config.forms import ModelOf
    from amlplan.config.syntax.nodes import Block, Body


def load(
    root: Path, block_types: Mapping[str, frozenset[str]], model_of: ModelOf | None = None
) -> Configuration:
    """The configuration of a folder; `block_types` has the kinds of each resource block type.

    `model_of` gives the model of a kind; who does not look into resources needs none.

    Raises ConfigError where files cannot be read or parsed, with every mistake found; mistakes
    that leave the rest readable are in the result's `diagnostics`.
    """
    files, problems = read_project(root)
    configuration = Configuration(root, files.configuration, files.values)
    loader = _Loader(configuration, block_types)
    with collector_paused():
        for source in files.configuration:
            if is_json(source):
                body, found = parse_json(source, file_form(block_types, model_of))
            else:
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
        self._reporter = Reporter(configuration)
        self._meta = MetaBlocks(configuration, self._reporter)

    def read(self, body: Body, source: SourceFile) -> None:
        for attribute in body.attributes.values():
            self._reporter.report(
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
            elif block.type in self._meta.readers:
                self._meta.readers[block.type](block, source, header)
            else:
                self._unknown_block(block, header)

    def _unknown_block(self, block: Block, header: SourceRange) -> None:
        known = sorted({*self._meta.readers, *self._block_types})
        near = difflib.get_close_matches(block.type, known, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else f"Choose from: {', '.join(known)}."
        self._reporter.report(
            "unsupported_block",
            "Unsupported block type",
            f'Blocks of type "{block.type}" are not expected here. {hint}',
            header,
        )

    def _resource(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        kinds = self._block_types[block.type]
        has_kind = block.type not in kinds
        if not self._reporter.has_labels(
            block, header, ("kind", "name") if has_kind else ("name",)
        ):
            return
        label = block.labels[-1]
        kind = f"{block.type}.{block.labels[0]}" if has_kind else block.type
        if kind not in kinds:
            known = sorted(name.partition(".")[2] for name in kinds)
            near = difflib.get_close_matches(block.labels[0], known, n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"Installed: {', '.join(known)}."
            self._reporter.report(
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
            self._reporter.twice("resource", address, earlier.header, header)
