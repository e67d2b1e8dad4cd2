"""A configuration as data: its blocks, sorted by what they are, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amlplan.addresses import CHOSEN, key_text
from amlplan.diagnostics import Diagnostic, SourceFile, SourceRange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from amlplan.addresses import Address, Key
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
class Condition:
    """A condition, as in a `validation` or `precondition`, and what to say where it is false."""

    condition: PlacedExpression
    error_message: PlacedExpression


@dataclass(frozen=True, slots=True)
class LifecycleBlock:
    """The `lifecycle` block of a resource as it is written."""

    arguments: Mapping[str, PlacedExpression]
    preconditions: tuple[Condition, ...] = ()
    postconditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckBlock:
    """A `check` block: what should hold of the whole, told as a warning unless `severity` says."""

    name: str
    assertions: tuple[Condition, ...]
    severity: PlacedExpression | None
    header: SourceRange

    @property
    def context(self) -> str:
        """The block as messages name it."""
        return f'check "{self.name}"'

    def expressions(self) -> Iterator[PlacedExpression]:
        """Everything in it that is evaluated."""
        for item in self.assertions:
            yield from (item.condition, item.error_message)
        if self.severity is not None:
            yield self.severity


@dataclass(frozen=True, slots=True)
class ResourceBlock:
    """A block that a provider manages. `body` is what the user wrote, meta-arguments included.

    As it stands in a file its address is that within its module; an `instance` has that of one
    object, and the `key` that tells it from others of the same block.
    """

    address: str
    block: str
    kind: str
    label: str
    body: Body
    source: SourceFile
    start: int
    end: int
    lifecycle: LifecycleBlock | None = None
    key: Key | None = None
    derived_from: str | None = None
    """The block that this one stands for in part, where nobody wrote it."""
    is_broken: bool = False
    """Whether a mistake that was reported keeps it from being looked at."""

    @property
    def meta(self) -> dict[str, PlacedExpression]:
        """What decides how many objects the block stands for: for_each, count and enabled."""
        found: dict[str, PlacedExpression] = {
            name: PlacedExpression(self.body.attributes[name].expression, self.source, self.context)
            for name in ("for_each", "count")
            if name in self.body.attributes
        }
        if self.lifecycle is not None and "enabled" in self.lifecycle.arguments:
            found["enabled"] = self.lifecycle.arguments["enabled"]
        return found

    def instance(self, module: str, key: Key | None) -> ResourceBlock:
        """The block as one object of a module, whose address begins with `module`."""
        of = self.derived_from
        return replace(
            self,
            address=f"{module}{self.address}{key_text(key)}",
            key=key,
            derived_from=None if of is None else f"{module}{of}{key_text(key)}",
        )

    @property
    def default_name(self) -> str:
        """What the object is called outside where the block does not say: label, or label-key."""
        return self.label if self.key is None else f"{self.label}-{self.key}"

    @property
    def header(self) -> SourceRange:
        """The block's type and labels."""
        return SourceRange(self.source, self.start, self.end)

    @property
    def context(self) -> str:
        """The block as messages name it, as in `compute "ssh" "vm"`."""
        _, dot, kind = self.kind.partition(CHOSEN)[0].partition(".")
        return f'{self.block} "{kind}" "{self.label}"' if dot else f'{self.block} "{self.label}"'


@dataclass(frozen=True, slots=True)
class VariableBlock:
    """A `variable` block. `default` is None where the variable is required."""

    name: str
    type: Type | None
    default: PlacedExpression | None
    sensitive: bool
    nullable: bool
    validations: tuple[Condition, ...]
    header: SourceRange


@dataclass(frozen=True, slots=True)
class OutputBlock:
    """An `output` block."""

    name: str
    value: PlacedExpression
    sensitive: bool
    description: str | None
    header: SourceRange
    preconditions: tuple[Condition, ...] = ()

    def conditions(self) -> Iterator[PlacedExpression]:
        """The expressions of its preconditions."""
        for item in self.preconditions:
            yield from (item.condition, item.error_message)


@dataclass(frozen=True, slots=True)
class MovedBlock:
    """A `moved` block: what stood at one address stands at another now, within its module."""

    origin: Address
    target: Address
    header: SourceRange


@dataclass(frozen=True, slots=True)
class RemovedBlock:
    """A `removed` block: what stood at an address is deleted, or only let go of."""

    origin: Address
    destroys: bool
    header: SourceRange


@dataclass(frozen=True, slots=True)
class ImportBlock:
    """An `import` block: an object that is there already is taken over at an address."""

    target: Address
    id: PlacedExpression
    header: SourceRange


@dataclass(slots=True)
class ModuleCall:
    """A `module` block: `arguments` are the values of its variables.

    `meta` has `for_each`, `count` and `depends_on`, those that stand there. `module` is None where
    its folder could not be read, which was reported.
    """

    name: str
    arguments: dict[str, PlacedExpression]
    meta: dict[str, PlacedExpression]
    folder: PlacedExpression
    header: SourceRange
    module: Configuration | None = None

    @property
    def context(self) -> str:
        """The block as messages name it."""
        return f'module "{self.name}"'


@dataclass(frozen=True, slots=True)
class Settings:
    """The `amlplan` block: which amlplan is required, and where the state is kept."""

    required_version: str | None = None
    state_label: str = "local"
    state_body: Body | None = None
    state_header: SourceRange | None = None
    source: SourceFile | None = None


@dataclass(frozen=True, slots=True)
class ProjectBlock:
    """The `project` block: `default_run_config` is the address of a run_config or estimator."""

    history: str | None
    default_run_config: str | None
    header: SourceRange


@dataclass(slots=True)
class Configuration:
    """Everything a folder of configuration says: the project's, or that of a module it calls.

    `folder` is relative to `root`, the project's. `path` has the names of the calls that lead
    here. `diagnostics` holds mistakes of single blocks that do not keep the others from being
    looked at; whoever goes on must raise them in the end. Modules put theirs into the project's.
    """

    root: Path
    files: tuple[SourceFile, ...]
    value_files: tuple[SourceFile, ...] = ()
    settings: Settings = field(default_factory=Settings)
    project: ProjectBlock | None = None
    variables: dict[str, VariableBlock] = field(default_factory=dict)
    locals: dict[str, PlacedExpression] = field(default_factory=dict)
    outputs: dict[str, OutputBlock] = field(default_factory=dict)
    resources: dict[str, ResourceBlock] = field(default_factory=dict)
    calls: dict[str, ModuleCall] = field(default_factory=dict)
    checks: dict[str, CheckBlock] = field(default_factory=dict)
    moved: list[MovedBlock] = field(default_factory=list)
    removed: list[RemovedBlock] = field(default_factory=list)
    imports: list[ImportBlock] = field(default_factory=list)
    folder: str = "."
    path: tuple[str, ...] = ()
    diagnostics: list[Diagnostic] = field(default_factory=list)
    prefix: str = field(init=False, default="")
    """What names of this module in the whole project begin with, as in `module.team.`."""

    def __post_init__(self) -> None:
        self.prefix = "".join(f"module.{name}." for name in self.path)

    def named_imports(self) -> dict[str, ImportBlock]:
        """The import blocks, each by a name of its own."""
        return {f"import.{number}": block for number, block in enumerate(self.imports)}

    def modules(self) -> Iterator[Configuration]:
        """This one and those that it calls, each after the one that calls it."""
        yield self
        for call in self.calls.values():
            if call.module is not None:
                yield from call.module.modules()

    def kinds(self) -> set[str]:
        """The kinds of all resource blocks, also of those in modules."""
        return {block.kind for module in self.modules() for block in module.resources.values()}

    def every_file(self) -> tuple[SourceFile, ...]:
        """The files of configuration of all modules, each once."""
        found = {item.filename: item for module in self.modules() for item in module.files}
        return tuple(found.values())
