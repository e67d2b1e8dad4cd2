"""The versions of one model: numbered documents, and the aliases that point at them."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from amlplan.errors import ProviderError
from amlplan.files import encode, failure_at, locked, make_folder, write_file, write_new
from amlplan_schemas.base import JsonValue, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ALIASES = "aliases.json"
LOCK = "lock"
LATEST = "latest"
THIS = "this"


class Version(Stored):
    """One version as the store keeps it. `identities` are the keys of the records that claim it."""

    version: int
    digest: str
    files: dict[str, str]
    size: int
    framework: str | None = None
    properties: dict[str, str] = Field(default_factory=dict)
    lineage: dict[str, JsonValue] = Field(default_factory=dict)
    identities: tuple[str, ...] = ()
    at: str
    released: str | None = None


class ModelVersions:
    """The versions under one model's folder. Changes belong inside `locked`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing this model; blocks until it is free."""
        make_folder(self._folder)
        with locked(self._folder / LOCK):
            yield

    def all(self) -> list[Version]:
        """Every version, the oldest first; raises ProviderError for a broken one."""
        try:
            names = [path.stem for path in self._folder.glob("*.json")]
        except OSError as failure:
            raise failure_at(self._folder, "read", failure) from failure
        numbers = sorted(int(name) for name in names if name.isdecimal())
        found = (self.get(number) for number in numbers)
        return [version for version in found if version is not None]

    def get(self, number: int) -> Version | None:
        """One version, None where there is none; raises ProviderError for a broken one."""
        path = self._path(number)
        try:
            return Version.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        except ValidationError as failure:
            raise _broken(path) from failure

    def claimed_by(self, identity: str) -> Version | None:
        """The newest version that a record claims."""
        claimed = [version for version in self.all() if identity in version.identities]
        return claimed[-1] if claimed else None

    def add(self, version: Version) -> Version:
        """A new version with the next free number, which no other process gets."""
        while True:
            present = self.all()
            number = present[-1].version + 1 if present else 1
            numbered = version.model_copy(update={"version": number})
            if write_new(self._path(number), encode(numbered.model_dump(mode="json"))):
                return numbered

    def write(self, version: Version) -> None:
        """A version with changed facts; its content is never another."""
        write_file(self._path(version.version), encode(version.model_dump(mode="json")))

    def chosen(self, number: int | None, alias: str | None) -> Version | None:
        """The version of a number, of an alias, or the newest where neither is given."""
        if number is None and alias is not None:
            target = LATEST if alias == LATEST else self.aliases().get(alias)
            if target is None:
                return None
            number = None if target == LATEST else int(target)
        if number is not None:
            return self.get(number)
        present = self.all()
        return present[-1] if present else None

    def aliases(self) -> dict[str, int | str]:
        """The number that each alias points at, or `latest`."""
        path = self._folder / ALIASES
        try:
            document = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        except ValueError as failure:
            raise _broken(path) from failure
        if not isinstance(document, dict) or not all(
            isinstance(target, int | str) for target in document.values()
        ):
            raise _broken(path)
        return document

    def write_aliases(self, aliases: Mapping[str, int | str]) -> None:
        """All aliases of the model."""
        write_file(self._folder / ALIASES, encode(dict(aliases)))

    def target_of(self, alias: str, asked: str, version: int) -> int | str:
        """What an alias points at that was asked for as `latest`, `this` or a digest."""
        if asked == LATEST:
            return LATEST
        if asked == THIS:
            return version
        for candidate in reversed(self.all()):
            if candidate.digest == asked:
                return candidate.version
        raise ProviderError(
            "No version has this digest",
            f'The alias "{alias}" asks for {asked}, which no version of {self._folder.name} has. '
            "Write latest, this, or the digest of a version that is registered.",
        )

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.json"


def now() -> str:
    """The time as stored documents write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _broken(path: Path) -> ProviderError:
    return ProviderError(
        "A document of the store is broken",
        f"{path} is not what amlplan wrote. Restore it from a backup, then try again.",
    )
