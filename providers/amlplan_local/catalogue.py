"""Every model that a workspace's store has, with what its aliases mean now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.abilities import ModelVersion
from amlplan.errors import ProviderError
from amlplan.provider import Listed
from amlplan_local.versions import LATEST, ModelVersions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_local.versions import Version


def registered_models(store: Path) -> dict[str, list[ModelVersion]]:
    """The versions of each model by its name, the oldest first; raises ProviderError."""
    found = {folder.name: _versions(folder) for folder in _folders(store)}
    return {name: versions for name, versions in found.items() if versions}


def claims_in(store: Path) -> Iterator[Listed]:
    """Each version with each record that claims it; one that nobody claims is only kept."""
    for folder in _folders(store):
        for version in ModelVersions(folder).all():
            for identity in version.identities:
                yield Listed(f"{folder.name}:{version.version}", identity)


def _folders(store: Path) -> list[Path]:
    try:
        return sorted(path for path in (store / "models").iterdir() if path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as failure:
        raise ProviderError(
            "The store cannot be read", f"{store}: {failure.strerror}. Make it readable."
        ) from failure


def _versions(folder: Path) -> list[ModelVersion]:
    kept = ModelVersions(folder)
    versions, aliases = kept.all(), kept.aliases()
    return [
        _as_seen(folder.name, item, aliases, is_latest=item is versions[-1]) for item in versions
    ]


def _as_seen(
    name: str, item: Version, aliases: dict[str, int | str], *, is_latest: bool
) -> ModelVersion:
    meant = (item.version, *([LATEST] if is_latest else []))
    return ModelVersion(
        name=name,
        version=item.version,
        digest=item.digest,
        size=item.size,
        at=item.at,
        framework=item.framework,
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target in meant)),
        properties=item.properties,
        files=item.files,
        lineage=item.lineage,
    )
