"""A configuration as data: its blocks, sorted by what they are, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic, SourceFile, SourceRange

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.config.expressions.convert import Type
    from amlplan.config.syntax.nodes import Body, Expression


@dataclass(frozen=True, slots=True)
class PlacedExpression:
    """An expression and the file it stands in."""

    expression: Expression
    source: SourceFile
    context: str = ""

    @property
    def range(self) -> SourceRange:
        """Where it stands."""
        return SourceRange(self.source, self.expression.start, self.expression.end)


@dataclass(frozen=True, slots=True)
class ResourceBlock:
    """A block that a provider manages. `body` is what the user wrote, meta-arguments included."""

    address: str
    block: str
    kind: str
    label: str
    body: Body
    source: SourceFile
    start: int
    end: int

    @property
    def header(self) -> SourceRange:
        """The block's type and labels."""
        return SourceRange(self.source, self.start, self.end)

    @property
    def context(self) -> str:
        """The block as messages name it, as in `compute "ssh" "vm"`."""
        _, dot, kind = self.kind.partition(".")
        return f'{self.block} "{kind}" "{self.label}"' if dot else f'{self.block} "{self.label}"'


@dataclass(frozen=True, slots=True)
class VariableBlock:
    """A `variable` block. `default` is None where the variable is required."""

    name: str
    type: Type | None
    default: PlacedExpression | None
    sensitive: bool
    nullable: bool
    validations: tuple[Validation, ...]
    header: SourceRange


@dataclass(frozen=True, slots=True)
class Validation:
    """A `validation` block: a condition over the variable, and what to say where it is false."""

    condition: PlacedExpression
    error_message: PlacedExpression


@dataclass(frozen=True, slots=True)
class OutputBlock:
    """An `output` block."""

    name: str
    value: PlacedExpression
    sensitive: bool
    description: str | None
    header: SourceRange


@dataclass(frozen=True, slots=True)
class Settings:
    """The `amlplan` block: which amlplan is required, and where the state is kept."""

    required_version: str | None = None
    state_label: str = "local"
    state_body: Body | None = None
    state_header: SourceRange | None = None
    source: SourceFile | None = None


@dataclass(slots=True)
class Configuration:
    """Everything a folder of configuration says.

    `diagnostics` holds mistakes of single blocks that do not keep the others from being looked
    at; whoever goes on must raise them in the end.
    """

    root: Path
    files: tuple[SourceFile, ...]
    value_files: tuple[SourceFile, ...] = ()
    settings: Settings = field(default_factory=Settings)
    variables: dict[str, VariableBlock] = field(default_factory=dict)
    locals: dict[str, PlacedExpression] = field(default_factory=dict)
    outputs: dict[str, OutputBlock] = field(default_factory=dict)
    resources: dict[str, ResourceBlock] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
