"""Reads `moved`, `removed` and `import` blocks: how the state follows the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.addresses import Address, key_text, parse_address
from amlplan.config.blocks import ImportBlock, MovedBlock, PlacedExpression, RemovedBlock
from amlplan.config.syntax.nodes import Traversal
from amlplan.diagnostics import SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.reading.reporter import Reporter
    from amlplan.config.syntax.nodes import Attribute, Block
    from amlplan.diagnostics import SourceFile

_MODULE: Final = "module"


class RefactoringBlocks:
    """Reads these blocks into a configuration."""

    def __init__(
        self, configuration: Configuration, reporter: Reporter, block_types: Iterable[str]
    ) -> None:
        self._types = frozenset((_MODULE, *block_types))
        self._configuration = configuration
        self._reporter = reporter
        self.readers = {"moved": self._moved, "removed": self._removed, "import": self._import}

    def _moved(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        found = self._parts(block, source, header, "moved", ("from", "to"))
        if found is None:
            return
        origin, target = (self._address(found[name], source, "moved") for name in ("from", "to"))
        if origin is None or target is None:
            return
        if origin.block != target.block:
            self._reporter.report(
                "invalid_moved",
                "Invalid moved block",
                f"A {origin.block} cannot become a {target.block}: both must be of one type.",
                header,
            )
            return
        self._configuration.moved.append(MovedBlock(origin, target, header))

    def _removed(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        found = self._parts(block, source, header, "removed", ("from",), frozenset({"lifecycle"}))
        if found is None:
            return
        origin = self._address(found["from"], source, "removed")
        destroys = True
        if len(block.body.blocks) > 1:
            first, second = block.body.blocks[:2]
            places = [SourceRange(source, item.start, item.header_end) for item in (first, second)]
            self._reporter.twice("lifecycle", "The lifecycle block", *places)
        for inner in block.body.blocks[:1]:
            known = self._reporter.attributes(inner.body, source, "removed", frozenset({"destroy"}))
            destroys = self._reporter.literal(known.get("destroy"), source, default=True) is True
        if origin is not None:
            self._configuration.removed.append(RemovedBlock(origin, destroys, header))

    def _import(self, block: Block, source: SourceFile, header: SourceRange) -> None:
        found = self._parts(block, source, header, "import", ("to", "id"))
        if found is None:
            return
        target = self._address(found["to"], source, "import")
        if target is not None and target.block == _MODULE:
            at = SourceRange(source, found["to"].expression.start, found["to"].expression.end)
            text = "An import goes to one object, not to a module."
            self._reporter.report("invalid_import", "Invalid import block", text, at)
        elif target is not None:
            placed = PlacedExpression(found["id"].expression, source, "import")
            self._configuration.imports.append(ImportBlock(target, placed, header))

    def _parts(
        self,
        block: Block,
        source: SourceFile,
        header: SourceRange,
        context: str,
        names: tuple[str, ...],
        blocks: frozenset[str] = frozenset(),
    ) -> Mapping[str, Attribute] | None:
        """The arguments of a block; None where it lacks one."""
        if not self._reporter.has_labels(block, header, ()):
            return None
        self._reporter.no_blocks(block.body, source, context, blocks)
        needed = frozenset(names)
        found = self._reporter.attributes(block.body, source, context, needed)
        return found if self._reporter.required(found, needed, header, context) else None

    def _address(self, attribute: Attribute, source: SourceFile, context: str) -> Address | None:
        """The object, block or module that an argument names, within the module it stands in."""
        expression = attribute.expression
        if isinstance(expression, Traversal):
            steps = [
                f".{step.key}" if step.is_attribute else key_text(step.key)
                for step in expression.steps
            ]
            address = parse_address(expression.root + "".join(steps))
            if address is not None and address.block in self._types:
                return address
        self._configuration.diagnostics.append(
            error(
                "invalid_address",
                "Invalid address",
                f'The argument "{attribute.name}" takes an address, as in model.ridge, '
                'model.ridge["eu"], module.team or module.team.model.ridge.',
                SourceRange(source, expression.start, expression.end),
                context=context,
            )
        )
        return None
