"""Finds providers, state backends and histories by their entry points: names now, import on use."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from amlplan.addresses import block_type_of
from amlplan.errors import HistoryError, MissingSdkError, ProviderError
from amlplan.readers import reader_of
from amlplan.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan.backend import Backend
    from amlplan.history import History, ServerSettings
    from amlplan.provider import Provider, ProviderContext, Reads
    from amlplan_schemas.base import JsonValue, ResourceInputs

PROVIDERS = "amlplan.providers"
CONFIGURATION = "amlplan.configuration"
BACKENDS = "amlplan.backends"
HISTORIES = "amlplan.histories"


class Registry:
    """The providers of one command, each made once, on its first use."""

    def __init__(self, context: ProviderContext) -> None:
        self.context = replace(context, provider_of=self.provider)
        self._made: dict[str, Provider] = {}

    @cached_property
    def _entry_points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=PROVIDERS)}

    @cached_property
    def _configuration(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=CONFIGURATION)}

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Every kind that an installed package brings, as in `datastore.local`."""
        return frozenset({*self._entry_points, *self._configuration})

    def is_configuration_only(self, kind: str) -> bool:
        """Whether blocks of a kind are read by commands and never planned, as `run_config`."""
        return kind in self._configuration

    def inputs_of(self, kind: str) -> type[ResourceInputs]:
        """The model of what users write in a kind's blocks; raises as `provider`."""
        if kind in self._configuration:
            return cast("type[ResourceInputs]", self._configuration[kind].load())
        return self.provider(kind).kind.inputs

    @cached_property
    def block_types(self) -> dict[str, frozenset[str]]:
        """The kinds of each block type: `datastore` has `datastore.local`, `model` has `model`.

        Those that a reference chooses are among them: `image` has `image@docker` too.
        """
        found: dict[str, set[str]] = {}
        for kind in self.kinds:
            found.setdefault(block_type_of(kind), set()).add(kind)
        return {block: frozenset(kinds) for block, kinds in found.items()}

    def provider(self, kind: str) -> Provider:
        """The provider of a kind; raises ProviderError where none is installed."""
        made = self._made.get(kind)
        if made is None:
            made = self._made[kind] = self._make(kind)
        return made

    def version(self, kind: str) -> str:
        """The version of the distribution that brings a kind."""
        point = self._entry_points.get(kind) or self._configuration.get(kind)
        return point.dist.version if point is not None and point.dist is not None else ""

    def package(self, kind: str) -> str:
        """The name of the distribution that brings a kind."""
        point = self._entry_points.get(kind) or self._configuration.get(kind)
        return point.dist.name if point is not None and point.dist is not None else ""

    def _make(self, kind: str) -> Provider:
        point = self._entry_points.get(kind)
        if point is None:
            near = nearest(kind, self.kinds)
            hint = f" Did you mean {near}?" if near else ""
            raise ProviderError(
                "No provider for this kind",
                f"No installed package provides {kind}.{hint} Install the package that brings it, "
                "then try again.",
            )
        try:
            factory = cast("Callable[[ProviderContext], Provider]", point.load())
        except ImportError as failure:
            package = point.dist.name if point.dist is not None else point.module
            extra = re.split(r"[.@]", kind)[-1]
            raise MissingSdkError(
                "A package is missing",
                f"The provider of {kind} needs {failure.name or failure}, which is not installed. "
                f"Install it with: pip install '{package}[{extra}]'",
            ) from failure
        return factory(self.context)


class Readers:
    """The providers of a registry as handles that only read: what plan and drift get."""

    def __init__(self, registry: Registry) -> None:
        self.kinds = registry.kinds
        self.is_configuration_only = registry.is_configuration_only
        self.inputs_of = registry.inputs_of
        self.version = registry.version
        self._provider = registry.provider
        self._made: dict[str, Reads] = {}

    def provider(self, kind: str) -> Reads:
        """The reader of a kind; raises ProviderError where none is installed."""
        made = self._made.get(kind)
        if made is None:
            made = self._made[kind] = reader_of(self._provider(kind))
        return made


def backend(
    label: str, root: Path, settings: Mapping[str, JsonValue], tool_version: str
) -> Backend:
    """The state backend that an entry point names; raises ProviderError where there is none."""
    points = {point.name: point for point in entry_points(group=BACKENDS)}
    if label not in points:
        known = ", ".join(sorted(points))
        raise ProviderError(
            "No such state backend",
            f'No installed package provides state "{label}". Choose from: {known}.',
        )
    factory = cast("Callable[[Path, Mapping[str, JsonValue], str], Backend]", points[label].load())
    return factory(root, settings, tool_version)


def history(store: str, folder: Path, settings: ServerSettings | None = None) -> History:
    """The history of a workspace's folder, kept in a store that an entry point names.

    `settings` is for a store that is not in the folder.
    Raises HistoryError where there is no such store, or where it refuses the folder.
    """
    points = {point.name: point for point in entry_points(group=HISTORIES)}
    if store not in points:
        known = ", ".join(sorted(points))
        raise HistoryError(
            "No such store of histories",
            f'No installed package keeps a history in "{store}". Choose from: {known}.',
        )
    factory = cast("Callable[..., History]", points[store].load())
    return factory(folder) if settings is None else factory(folder, settings)
