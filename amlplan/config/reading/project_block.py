"""Reads the `project` block: which history runs go into, and which run goes without a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.addresses import RUN_BLOCKS, key_text, node_of, parse_address
from amlplan.config.blocks import ProjectBlock
from amlplan.config.syntax.nodes import Traversal
from amlplan.diagnostics import SourceFile, SourceRange
from amlplan.wording import suggestion
from amlplan_schemas.base import HISTORY_PATTERN

if TYPE_CHECKING:
    from amlplan.config.blocks import Configuration
    from amlplan.config.reading.reporter import Reporter
    from amlplan.config.syntax.nodes import Attribute, Block

_PREFIXES = tuple(f"{block}." for block in RUN_BLOCKS)


class ProjectBlockReader:
    """Reads the one project block of a project's own folder."""

    def __init__(self, configuration: Configuration, reporter: Reporter) -> None:
        self._configuration = configuration
        self._reporter = reporter
        self.readers = {"project": self._project}

    def check(self) -> None:
        """Report a default that no block of the folder is, once all of its files are read."""
        project = self._configuration.project
        name = None if project is None else project.default_run_config
        if project is None or name is None or node_of(name) in self._configuration.resources:
            return
        known = [item for item in self._configuration.resources if item.startswith(_PREFIXES)]
        self._reporter.report(
            "undeclared_reference",
            "Reference to undeclared name",
            f"The project block names {name}, which is not declared.{suggestion(name, known)}",
            project.header,
        )

    def _project(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        if not self._reporter.has_labels(block, header, ()):
            return
        if self._configuration.folder != ".":
            text = "A project block stands in the project's own folder, not in a module."
            self._reporter.report("unsupported_block", "Unsupported block type", text, header)
            return
        earlier = self._configuration.project
        if earlier is not None:
            self._reporter.twice("settings", "The project block", earlier.header, header)
            return
        known = frozenset({"history", "default_run_config"})
        found = self._reporter.attributes(block.body, source, "project", known)
        self._reporter.no_blocks(block.body, source, "project")
        self._configuration.project = ProjectBlock(
            self._history(found.get("history"), source),
            self._default(found.get("default_run_config"), source),
            header,
        )

    def _history(self, attribute: Attribute | None, source: SourceFile) -> str | None:
        name = str(self._reporter.literal(attribute, source, ""))
        if attribute is None or re.fullmatch(HISTORY_PATTERN, name) is not None:
            return name or None
        self._reporter.report(
            "invalid_value",
            "Invalid value",
            f"{name!r} cannot name a history: it has letters, digits, - and _ in its name.",
            SourceRange(source, attribute.expression.start, attribute.expression.end),
        )
        return None

    def _default(self, attribute: Attribute | None, source: SourceFile) -> str | None:
        if attribute is None:
            return None
        expression = attribute.expression
        if isinstance(expression, Traversal):
            steps = [
                f".{step.key}" if step.is_attribute else key_text(step.key)
                for step in expression.steps
            ]
            name = expression.root + "".join(steps)
            address = parse_address(name)
            if address is not None and address.block in RUN_BLOCKS:
                return name
        self._reporter.report(
            "invalid_address",
            "Invalid address",
            'The argument "default_run_config" takes a run_config or an estimator, as in '
            "run_config.train.",
            SourceRange(source, expression.start, expression.end),
        )
        return None
