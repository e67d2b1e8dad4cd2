"""How content becomes a version: the same content and properties are the same version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan_local.versions import LATEST, THIS, ModelVersions, Version, now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class Registration:
    """Content with its facts, to be claimed for a record as one version of a model."""

    identity: str
    digest: str
    files: Mapping[str, str]
    size: int
    framework: str | None
    properties: Mapping[str, str]
    aliases: Mapping[str, str]
    lineage: Mapping[str, JsonValue] = field(default_factory=dict)

    def claim(
        self, versions: ModelVersions, prior: Record | None, claimed: Callable[[int], None]
    ) -> Version:
        """The version that is the record's from now on; may be repeated after a kill.

        `claimed` is told its number before the aliases are set.
        """
        with versions.locked():
            found = self._choose(versions, prior)
            found = self._taken(versions, found) if found else versions.add(self._made())
            claimed(found.version)
            for other in versions.all():
                if other.version != found.version:
                    _drop_claim(versions, other, self.identity)
            self._set_aliases(versions, prior, found)
        return found

    def foreseen(self, versions: ModelVersions, prior: Record | None) -> int:
        """The number that `claim` would give now."""
        found = self._choose(versions, prior)
        present = versions.all()
        if found is not None:
            return found.version
        return present[-1].version + 1 if present else 1

    def _choose(self, versions: ModelVersions, prior: Record | None) -> Version | None:
        """The version that is to be claimed, None where it has to be made."""
        same = [version for version in versions.all() if version.digest == self.digest]
        mine = [version for version in same if self._is_mine(version, prior)]
        wanted = dict(self.properties)
        equal = [version for version in same if version.properties == wanted]
        grown = [version for version in mine if version.properties.items() <= wanted.items()]
        mine_and_equal = [version for version in mine if version in equal]
        for candidates in (mine_and_equal, equal, grown):
            if candidates:
                return candidates[-1]
        return None

    def _is_mine(self, version: Version, prior: Record | None) -> bool:
        if self.identity and self.identity in version.identities:
            return True
        return prior is not None and prior.outputs.values.get("version") == version.version

    def _made(self) -> Version:
        return Version(
            version=0,
            digest=self.digest,
            files=dict(self.files),
            size=self.size,
            framework=self.framework,
            properties=dict(self.properties),
            lineage=dict(self.lineage),
            identities=(self.identity,),
            at=now(),
        )

    def _taken(self, versions: ModelVersions, found: Version) -> Version:
        """The version with this record's claim and facts on it."""
        identities = found.identities
        if self.identity not in identities:
            identities = (*identities, self.identity)
        taken = found.model_copy(
            update={
                "framework": self.framework,
                "properties": dict(self.properties),
                "lineage": dict(self.lineage) or found.lineage,
                "identities": identities,
                "released": None,
            }
        )
        if taken != found:
            versions.write(taken)
        return taken

    def _set_aliases(self, versions: ModelVersions, prior: Record | None, claimed: Version) -> None:
        before = versions.aliases()
        after = dict(before)
        if prior is not None:
            for alias in prior.inputs.values.get("aliases") or {}:
                after.pop(alias, None)
        for alias, asked in self.aliases.items():
            after[alias] = versions.target_of(alias, asked, claimed.version)
        if after != before:
            versions.write_aliases(after)


def release(versions: ModelVersions, prior: Record) -> None:
    """Take a record's claims away, and its aliases where no other record shares the version.

    May be repeated after a kill: the claims, which tell that there is something to do, go last.
    """
    with versions.locked():
        held = [item for item in versions.all() if prior.identity in item.identities]
        if held and not any(len(version.identities) > 1 for version in held):
            before = versions.aliases()
            mine = prior.inputs.values.get("aliases") or {}
            after = {alias: target for alias, target in before.items() if alias not in mine}
            if after != before:
                versions.write_aliases(after)
        for version in held:
            _drop_claim(versions, version, prior.identity)


def _drop_claim(versions: ModelVersions, version: Version, identity: str) -> None:
    if identity not in version.identities:
        return
    kept = tuple(item for item in version.identities if item != identity)
    released = version.released if kept else now()
    versions.write(version.model_copy(update={"identities": kept, "released": released}))


def seen_aliases(
    versions: ModelVersions, wanted: Mapping[str, str], version: Version
) -> dict[str, str]:
    """A record's aliases as they are now, in the words that asked for them where they still fit."""
    present = versions.aliases()
    seen: dict[str, str] = {}
    for alias, asked in wanted.items():
        target = present.get(alias)
        if target is None:
            continue
        seen[alias] = asked if _fits(versions, target, asked, version) else str(target)
    return seen


def _fits(versions: ModelVersions, target: int | str, asked: str, version: Version) -> bool:
    if asked == LATEST:
        return target == LATEST
    if asked == THIS:
        return target == version.version
    found = versions.get(target) if isinstance(target, int) else None
    return found is not None and found.digest == asked
