"""Reads a folder of HCL into a `Configuration`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.addresses import CHOSEN, RUN_BLOCKS
from amlplan.collector import collector_paused
from amlplan.config.blocks import Configuration, ResourceBlock
from amlplan.config.lifecycle import read_lifecycle
from amlplan.config.reading.artifact_stores import read_artifact_stores
from amlplan.config.reading.chosen_kinds import choose_kinds
from amlplan.config.reading.derived_images import IMAGE, derive_images
from amlplan.config.reading.files import is_json, read_folder
from amlplan.config.reading.forms import file_form
from amlplan.config.reading.meta_blocks import MetaBlocks
from amlplan.config.reading.project_block import ProjectBlockReader
from amlplan.config.reading.refactorings import RefactoringBlocks
from amlplan.config.reading.reporter import Reporter
from amlplan.config.static import static_value
from amlplan.config.syntax.json_body import parse_json
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import Diagnostic, Severity, SourceFile, SourceRange, error
from amlplan.errors import ConfigError
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.blocks import ModuleCall
    from amlplan.config.reading.forms import ModelOf
    from amlplan.config.syntax.nodes import Block, Body


def load(
    root: Path, block_types: Mapping[str, frozenset[str]], model_of: ModelOf | None = None
) -> Configuration:
    """The configuration of a folder and of the modules that it calls.

    `block_types` has the kinds of each resource block type; `model_of` gives the model of a kind,
    and who does not look into resources needs none. Raises ConfigError where files cannot
    be read or parsed, with every mistake found; mistakes that leave the rest readable are in the
    result's `diagnostics`.
    """
    reader = _Reader(root, block_types, model_of)
    with collector_paused():
        configuration = reader.module(".", ())
    problems = reader.problems
    if model_of is not None:
        images = block_types.get(IMAGE)
        if images is not None:
            configuration.diagnostics.extend(derive_images(configuration, images))
        configuration.diagnostics.extend(choose_kinds(configuration, block_types, model_of))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConfigError(in_source_order([*problems, *configuration.diagnostics]))
    return configuration


class _Reader:
    """Reads folders, each once however often it is called."""

    def __init__(
        self, root: Path, block_types: Mapping[str, frozenset[str]], model_of: ModelOf | None
    ) -> None:
        self._root = root
        self._form = file_form(block_types, model_of)
        self._block_types = block_types
        self._diagnostics: list[Diagnostic] = []
        self._read: dict[str, Configuration] = {}
        self.problems: list[Diagnostic] = []

    def module(
        self, folder: str, path: tuple[str, ...], above: tuple[str, ...] = ()
    ) -> Configuration:
        """The configuration of a folder relative to the project's, and of those that it calls."""
        if folder not in self._read:
            self._read[folder] = self._configuration(folder)
        read = self._read[folder]
        configuration = replace(
            read,
            path=path,
            calls={name: replace(call) for name, call in read.calls.items()},
            resources=dict(read.resources),  # a reference may give each call other kinds
        )
        for call in configuration.calls.values():
            inner = self._folder_of(call, folder, (*above, folder))
            if inner is not None:
                call.module = self.module(inner, (*path, call.name), (*above, folder))
                self._check_arguments(call, call.module)
        return configuration

    def _configuration(self, folder: str) -> Configuration:
        files, problems = read_folder(self._root, folder)
        self.problems += problems
        configuration = Configuration(
            self._root,
            files.configuration,
            files.values,
            folder=folder,
            diagnostics=self._diagnostics,
        )
        loader = _Loader(configuration, self._block_types)
        for source in files.configuration:
            if is_json(source):
                body, found = parse_json(source, self._form)
            else:
                body, found = parse(source)
            self.problems += found
            loader.read(body, source)
        loader.finish()
        self.problems += read_artifact_stores(configuration)
        return configuration

    def _folder_of(self, call: ModuleCall, folder: str, above: tuple[str, ...]) -> str | None:
        """The folder that a call names, relative to the project's; None with what is wrong."""
        written, found = static_value(call.folder.expression, call.folder.source)
        if not found or not isinstance(written, str):
            self._report(
                call, "The source is read before expressions are, so it must be a plain string."
            )
            return None
        if not written.startswith(("./", "../")):
            self._report(
                call,
                f'"{written}" is no local folder. A module is a folder of this project or beside '
                'it, written with ./ or ../ in front, as in "./modules/team".',
            )
            return None
        inner = os.path.normpath(Path(folder) / written).replace(os.sep, "/")
        place = self._root / inner
        if not place.is_dir():
            self._report(call, f"There is no folder {inner}.")
            return None
        if any(place.samefile(self._root / other) for other in above):
            self._report(call, f"The module {inner} calls itself, directly or through others.")
            return None
        return inner

    def _check_arguments(self, call: ModuleCall, module: Configuration) -> None:
        """Report arguments that are no variables of the module, and those that it lacks."""
        for name, placed in call.arguments.items():
            if name not in module.variables:
                hint = suggestion(name, module.variables)
                text = f'The module {module.folder} has no variable "{name}".{hint}'
                self._report(call, text, placed.range)
        for variable in module.variables.values():
            if variable.default is None and variable.name not in call.arguments:
                text = f'The module {module.folder} needs the argument "{variable.name}".'
                self._report(call, text, call.header)

    def _report(self, call: ModuleCall, detail: str, place: SourceRange | None = None) -> None:
        at = place or call.folder.range
        problem = error("invalid_module", "Invalid module", detail, at, context=call.context)
        if problem not in self._diagnostics:
            self._diagnostics.append(problem)


def in_source_order(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics by file and place, those without a place first, each once."""
    unique: dict[object, Diagnostic] = {}
    for item in diagnostics:  # one mistake of several objects of a block is told once
        unique.setdefault((item.code, item.detail, item.range), item)
    return sorted(
        unique.values(),
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
        meta = MetaBlocks(configuration, self._reporter)
        refactorings = RefactoringBlocks(configuration, self._reporter, block_types)
        self._project = ProjectBlockReader(configuration, self._reporter)
        self._readers = {**meta.readers, **refactorings.readers, **self._project.readers}

    def read(self, body: Body, source: SourceFile) -> None:
        for attribute in body.attributes.values():
            self._reporter.report(
                "unsupported_argument",
                "Unsupported argument",
                f'An argument named "{attribute.name}" is not expected at the top of a file; '
                "arguments stand inside blocks.",
                SourceRange(source, attribute.name_start, attribute.name_end),
            )
        for block in body.blocks:
            header = SourceRange(source, block.start, block.header_end)
            if block.type in self._block_types:
                self._resource(block, source, header)
            elif block.type in self._readers:
                self._readers[block.type](block, source, header)
            else:
                self._unknown_block(block, header)

    def finish(self) -> None:
        """Report what only the whole folder can tell."""
        self._project.check()

    def _unknown_block(self, block: Block, header: SourceRange) -> None:
        known = sorted({*self._readers, *self._block_types})
        hint = suggestion(block.type, known) or f" Choose from: {', '.join(known)}."
        self._reporter.report(
            "unsupported_block",
            "Unsupported block type",
            f'Blocks of type "{block.type}" are not expected here.{hint}',
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
            known = sorted(name.partition(".")[2] for name in kinds if CHOSEN not in name)
            hint = suggestion(block.labels[0], known) or f" Installed: {', '.join(known)}."
            self._reporter.report(
                "unknown_kind",
                "Unknown kind",
                f'No installed provider brings {block.type} "{block.labels[0]}".{hint}',
                header,
            )
            return
        address = f"{block.type}.{label}"
        resource = ResourceBlock(
            address, block.type, kind, label, block.body, source, block.start, block.header_end
        )
        lifecycle = read_lifecycle(block.body, source, resource.context, self._reporter)
        if lifecycle is not None:
            resource = replace(resource, lifecycle=lifecycle)
        earlier = self._configuration.resources.setdefault(address, resource)
        if earlier is not resource:
            self._reporter.twice("resource", address, earlier.header, header)
        elif block.type in RUN_BLOCKS:
            self._check_run_name(block.type, label, header)

    def _check_run_name(self, block: str, label: str, header: SourceRange) -> None:
        """Report a label that a run configuration and an estimator share: both are run by it."""
        for other in RUN_BLOCKS:
            earlier = self._configuration.resources.get(f"{other}.{label}")
            if other != block and earlier is not None:
                self._reporter.twice("resource", earlier.address, earlier.header, header)
