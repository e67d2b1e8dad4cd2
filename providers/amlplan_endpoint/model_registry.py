"""The workspace's registered models: what this run registers, and what others did.

Versions and aliases are those of `amlplan model`; what MLflow and the SDK add to them (tags,
descriptions, stages) is in `facts.json` beside them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.content import digest_over
from amlplan.errors import ProviderError
from amlplan.files import encode, write_file
from amlplan_endpoint.answers import EXISTS, FAILED, INVALID, MISSING, Refusal
from amlplan_local.versions import LATEST, ModelVersions, Version, now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan_endpoint.answers import Json
    from amlplan_local.store import ContentStore

FACTS = "facts.json"
_NAME = re.compile(r"[^\x00-\x1f/\\:.][^\x00-\x1f/\\:]{0,249}")


@dataclass(frozen=True, slots=True)
class Registered:
    """Content that is registered: where it lies now, and what is told of it."""

    files: Mapping[str, tuple[Path, str]]
    """By path in the model, where each lies, and its digest."""
    size: int
    framework: str | None
    properties: Mapping[str, str] = field(default_factory=dict)
    lineage: Mapping[str, Any] = field(default_factory=dict)


class ModelRegistry:
    """The models below one folder of a store. Raises Refusal."""

    def __init__(self, folder: Path, content: ContentStore, cache_folder: Path) -> None:
        self._folder = folder
        self._content = content
        self.cache_folder = cache_folder

    def names(self) -> list[str]:
        """The models, by name."""
        try:
            found = sorted(path.name for path in self._folder.iterdir() if path.is_dir())
        except FileNotFoundError:
            return []
        return [name for name in found if self._is_there(name)]

    def create(self, name: str, facts: Json) -> None:
        """A model that has no version yet; one of that name is refused."""
        with self._versions(name).locked():
            if self._is_there(name):
                raise Refusal(EXISTS, f"Registered Model (name={name}) already exists.")
            self.write_facts(name, {**self._read(name), **facts, "deleted": False})

    def check(self, name: str) -> None:
        """Raise Refusal where there is no model of a name."""
        if not self._is_there(name):
            raise Refusal(MISSING, f"Registered Model with name={name} not found")

    def add(self, name: str, registered: Registered) -> Version:
        """Register content: the version that has it already, or the next."""
        digests = {path: digest for path, (_, digest) in registered.files.items()}
        if not digests:
            raise Refusal(INVALID, "There are no files to be registered.")
        digest = digest_over(digests)
        versions = self._versions(name)
        try:
            self._content.put(dict(registered.files), _go_on, _say_nothing, _changed)
            with versions.locked():
                for version in reversed(versions.all()):
                    is_equal = version.properties == dict(registered.properties)
                    if version.digest == digest and is_equal and not self._is_gone(name, version):
                        return version
                return versions.add(
                    Version(
                        version=0,
                        digest=digest,
                        files=digests,
                        size=registered.size,
                        framework=registered.framework,
                        properties=dict(registered.properties),
                        lineage=dict(registered.lineage),
                        at=now(),
                    )
                )
        except ProviderError as failure:
            raise Refusal(FAILED, f"{failure.summary}: {failure.detail}") from failure

    def versions(self, name: str) -> list[Version]:
        """The versions of a model, the oldest first."""
        return [item for item in self._versions(name).all() if not self._is_gone(name, item)]

    def version(self, name: str, number: str | int) -> Version:
        """One version of a model."""
        text = str(number)
        found = self._versions(name).get(int(text)) if text.isdecimal() else None
        if found is None or self._is_gone(name, found):
            raise Refusal(MISSING, f"Model Version (name={name}, version={text}) not found")
        return found

    def aliases(self, name: str) -> dict[str, int]:
        """The number of the version that each alias means now."""
        numbers = [version.version for version in self.versions(name)]
        meant = self._versions(name).aliases()
        found = {
            alias: numbers[-1] if target == LATEST and numbers else target
            for alias, target in meant.items()
        }
        return {alias: target for alias, target in found.items() if isinstance(target, int)}

    def set_alias(self, name: str, alias: str, number: int | None) -> None:
        """Let an alias mean a version, or nothing any more."""
        versions = self._versions(name)
        with versions.locked():
            aliases = versions.aliases()
            aliases.pop(alias, None)
            if number is not None:
                aliases[alias] = number
            versions.write_aliases(aliases)

    def facts(self, name: str, version: int | None = None) -> Json:
        """What is told of a model, or of a version of it, beside what the store has."""
        facts = self._read(name)
        found = facts if version is None else facts.get("versions", {}).get(str(version), {})
        return dict(found)

    def change_facts(self, name: str, changes: Json, version: int | None = None) -> None:
        """Change what is told; tags are put together, and one that is None is taken away."""
        with self._versions(name).locked():
            facts = self._read(name)
            part = facts
            if version is not None:
                part = facts.setdefault("versions", {}).setdefault(str(version), {})
            tags = {**part.get("tags", {}), **changes.get("tags", {})}
            part.update(changes)
            part["tags"] = {key: value for key, value in tags.items() if value is not None}
            part["changed"] = now()
            self.write_facts(name, facts)

    def write_facts(self, name: str, facts: Json) -> None:
        """Replace all that is told of a model; its folder is locked."""
        write_file(self._folder / name / FACTS, encode(facts))

    def _is_there(self, name: str) -> bool:
        facts = self._read(name)
        return not facts.get("deleted") and ("created" in facts or bool(self.versions(name)))

    def _is_gone(self, name: str, version: Version) -> bool:
        return bool(self.facts(name, version.version).get("deleted"))

    def _versions(self, name: str) -> ModelVersions:
        if _NAME.fullmatch(name) is None:
            raise Refusal(INVALID, f"{name!r} is no name of a model.")
        return ModelVersions(self._folder / name)

    def _read(self, name: str) -> Json:
        self._versions(name)
        try:
            facts = json.loads((self._folder / name / FACTS).read_bytes())
        except (OSError, ValueError):  # it can be told again; the versions do not depend on it
            return {}
        return facts if isinstance(facts, dict) else {}


def _go_on() -> None:
    """Never cancel."""


def _say_nothing(_text: str) -> None:
    """Tell nobody of progress."""


def _changed(path: str) -> ProviderError:
    return ProviderError("A file changed", f"{path} was written to while it was registered.")
