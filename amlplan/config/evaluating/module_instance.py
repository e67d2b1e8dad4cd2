"""One object of a module call: the values of its variables, locals, outputs and resources."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan.addresses import key_text
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from amlplan.addresses import Key
    from amlplan.config.blocks import Configuration, ModuleCall, ResourceBlock
    from amlplan.config.evaluating.repetition import Repetition
    from amlplan.values import SecretReference, Value


class ModuleInstance:
    """The names of one module as its expressions see them; the project itself is one too.

    What is not computed is not in the dictionaries. `repetitions` has, by the name of a block or
    call, the objects that it stands for; `children` the instances of each call, by their key.
    """

    __slots__ = (
        "_calls",
        "_resources",
        "children",
        "key",
        "locals",
        "module",
        "outputs",
        "parent",
        "prefix",
        "repetitions",
        "scope",
        "variables",
    )

    def __init__(
        self,
        module: Configuration,
        variables: dict[str, Value],
        block_types: Iterable[str],
        resolve_secret: Callable[[SecretReference], Value],
        parent: ModuleInstance | None = None,
        key: Key | None = None,
    ) -> None:
        self.module = module
        self.variables = variables
        self.parent = parent
        self.key = key
        self.prefix: str = ""
        if parent is not None:
            self.prefix = f"{parent.prefix}module.{module.path[-1]}{key_text(key)}."
        self.locals: dict[str, Value] = {}
        self.outputs: dict[str, Value] = {}
        self.repetitions: dict[str, Repetition] = {}
        self.children: dict[str, dict[Key | None, ModuleInstance]] = {}
        self._calls: dict[str, Value] = {}
        self._resources: dict[str, dict[str, Value]] = {block: {} for block in block_types}
        for block in module.resources.values():
            self._resources[block.block][block.label] = UNKNOWN
        self.scope = Scope(
            values={
                "var": variables,
                "local": self.locals,
                "module": self._calls,
                "path": _paths(module),
                **self._resources,
            },
            functions=FUNCTIONS,
            base_folder=module.root,
            resolve_secret=resolve_secret,
        )

    def call(self, call: ModuleCall, keys: Iterable[Key | None] | None) -> None:
        """Make the instances of a call; None where it is not known how many there are."""
        assert call.module is not None  # noqa: S101 - a call without one is broken
        self._calls[call.name] = UNKNOWN
        children = {
            key: ModuleInstance(
                call.module, {}, self._resources, self.scope.resolve_secret, self, key
            )
            for key in keys or ()
        }
        self.children[call.name] = children
        if keys is not None:
            outputs = {key: child.outputs for key, child in children.items()}
            self._calls[call.name] = _container(outputs, call.meta)

    def repeat(self, block: ResourceBlock, keys: Iterable[Key | None]) -> None:
        """Make room for the values of the objects that a resource block stands for."""
        objects: dict[Key | None, Value] = dict.fromkeys(keys, UNKNOWN)
        self._resources[block.block][block.label] = _container(objects, block.meta)

    def publish(self, block: ResourceBlock, value: Value) -> None:
        """Make the value of an object known; what is there already is replaced."""
        there = self._resources[block.block][block.label]
        if block.key is None:
            self._resources[block.block][block.label] = value
        elif isinstance(there, list) and isinstance(block.key, int):
            there[block.key] = value
        elif isinstance(there, dict):
            there[str(block.key)] = value

    def value_of(self, block: ResourceBlock) -> Value:
        """The value of one object, as it was published."""
        there = self._resources[block.block][block.label]
        if block.key is None or there is UNKNOWN:
            return there
        return there[block.key]  # type: ignore[index]

    def resource(self, block: str, label: str) -> Value:
        """What expressions see of a resource block."""
        return self._resources[block][label]

    def ancestor(self, depth: int) -> ModuleInstance:
        """The instance so far below the project that this one belongs to; itself at its depth."""
        found = self
        while len(found.module.path) > depth:
            assert found.parent is not None  # noqa: S101 - only the project's path is empty
            found = found.parent
        return found

    def others(self, path: tuple[str, ...], shared: int) -> Iterator[ModuleInstance]:
        """The instances of a module that share so much of their path with this one."""
        return self.ancestor(shared).instances(path[shared:])

    def instances(self, path: tuple[str, ...]) -> Iterator[ModuleInstance]:
        """The instances of a module that this one leads to, as far as they are made."""
        if not path:
            yield self
            return
        for child in self.children.get(path[0], {}).values():
            yield from child.instances(path[1:])


def _container(objects: Mapping[Key | None, Value], meta: Container[str]) -> Value:
    """What a name stands for: a list by count, an object by for_each, else one value or null."""
    if "count" in meta:
        return list(objects.values())
    if "for_each" in meta:
        return {str(key): value for key, value in objects.items()}
    return objects.get(None)


def _paths(module: Configuration) -> dict[str, Value]:
    return {"module": module.folder, "root": ".", "cwd": os.fspath(module.root)}
