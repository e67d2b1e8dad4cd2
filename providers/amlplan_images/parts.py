"""Parts of an image: the files, the models and the environment that go into it, by digest."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.content import content_of, digest_over
from amlplan.errors import NotFoundError, ProviderError
from amlplan.snapshots.manifest import File
from amlplan.snapshots.snapshot import scan

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE, MODELS, SCHEMA = "source", "models", "schema"
ENVIRONMENT = "environment"
CONFIGURATION = ".hcl"
MAX_FILES, MAX_SIZE = 20_000, 2 * 1024**3
"""Limits of a source folder; data belongs into models."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into an image.

    `files` has where each file of the image lies now, with its digest; `models` the files of
    each model by name, as digests; `environment` is a digest.
    """

    entry_script: str
    files: Mapping[str, tuple[Path, str]]
    models: Mapping[str, Mapping[str, str]]
    environment: str

    @property
    def contents(self) -> dict[str, str]:
        """The digest of each input: a file, a model, the environment."""
        found = {name: digest for name, (_, digest) in self.files.items()}
        found |= {f"{MODELS}/{name}": digest_over(files) for name, files in self.models.items()}
        return dict(sorted({**found, ENVIRONMENT: self.environment}.items()))

    @property
    def digest(self) -> str:
        """One digest over all inputs."""
        return digest_over(self.contents)


@dataclass(slots=True)
class PartsCollector:
    """Collects the files of an image from a project's folder; raises ProviderError."""

    root: Path
    cache_folder: Path
    files: dict[str, tuple[Path, str]] = field(default_factory=dict)

    def add_source(self, folder: str) -> None:
        """A folder with the script, by the rules of snapshots and without configuration."""
        source = Path(os.path.normpath(self.root / folder))
        if not source.is_dir():
            raise NotFoundError(
                "The source folder is missing",
                f"{source} is no folder that exists. Correct source_dir.",
            )
        snapshot = scan(
            source, max_size=MAX_SIZE, max_files=MAX_FILES, cache_folder=self.cache_folder
        )
        for path, entry in snapshot.entries.items():
            if not path.endswith(CONFIGURATION):
                digest = entry.digest if isinstance(entry, File) else self._linked(source / path)
                self._add(f"{SOURCE}/{path}", source / path, digest)

    def add(self, path: str, folder: str) -> None:
        """A file or a folder by its own name, into one of the image's folders."""
        place = Path(os.path.normpath(self.root / path))
        content = content_of(place, self.cache_folder)
        prefix = f"{folder}/{place.name}/" if place.is_dir() else f"{folder}/"
        for name, digest in content.files.items():
            self._add(prefix + name, place / name if place.is_dir() else place, digest)

    def _linked(self, link: Path) -> str:
        return next(iter(content_of(link, self.cache_folder).files.values()))

    def _add(self, name: str, path: Path, digest: str) -> None:
        earlier = self.files.setdefault(name, (path, digest))
        if earlier[1] != digest:
            raise ProviderError(
                "Two files in one place",
                f"{earlier[0]} and {path} would both be {name} of the image. Rename one of them.",
            )
