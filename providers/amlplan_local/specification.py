"""What an environment is made of, as the store of its workspace keeps it by digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX
from amlplan.errors import ProviderError
from amlplan.files import encode, failure_at, make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
FOLDER = "environments"


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """All that an environment is built from; addresses stand here without credentials.

    `packages` are those of `amlplan.lock`. An address that is a secret stands as `HIDDEN` of
    `indexes`. Relative paths start at the project's folder. `conda` is what a conda file says, of
    which `packages` are what stands for it where conda is not.
    """

    digest: str
    python: str | None = None
    packages: tuple[Mapping[str, Any], ...] = ()
    user_managed: bool = False
    interpreter: str | None = None
    platforms: tuple[str, ...] = ()
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    conda: Mapping[str, Any] | None = None

    def to_document(self) -> bytes:
        """The specification as JSON; the same bytes for the same specification."""
        names = (name for name in self.__dataclass_fields__ if name not in {"packages", "conda"})
        document: dict[str, Any] = {name: getattr(self, name) for name in names}
        if self.conda is not None:  # those without are as they always were
            document["conda"] = dict(self.conda)
        packages = [dict(package) for package in self.packages]
        return encode({"format": FORMAT, "packages": packages, **document})

    @classmethod
    def from_document(cls, data: bytes) -> EnvironmentSpec:
        """The specification that `to_document` wrote; raises ValueError for anything else."""
        try:
            document = json.loads(data)
            if document.pop("format") != FORMAT:
                raise ValueError("its format is not known")
            for name in ("packages", "platforms", "extra_index_urls", "find_links"):
                document[name] = tuple(document[name])
            spec = cls(**document)
            digest = digest_of_settings(
                python=spec.python,
                user_managed=spec.user_managed,
                interpreter=spec.interpreter,
                platforms=spec.platforms,
                packages=spec.packages,
                conda=spec.conda,
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as failure:
            raise ValueError(f"it is no specification: {failure!r}") from failure
        if digest != spec.digest:
            raise ValueError("its content is not what its digest was made from")
        return spec


def digest_of_settings(
    *,
    python: object,
    user_managed: object,
    interpreter: object,
    platforms: object,
    packages: object,
    conda: object = None,
) -> str:
    """The digest of an environment. State and stores hold it: it must never change."""
    settings: dict[str, object] = {
        "python": python,
        "user_managed": user_managed,
        "interpreter": interpreter,
        "platforms": platforms,
        "packages": packages,
    }
    if conda is not None:
        settings["conda"] = conda
    return digest_of(settings)


def digest_of(document: object) -> str:
    """The digest of a JSON document, however it is written down."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def specification_path(store: Path, digest: str) -> Path:
    """Where the store of a workspace keeps the specification with a digest."""
    return store / FOLDER / f"{digest.removeprefix(PREFIX)}.json"


def write_specification(store: Path, spec: EnvironmentSpec) -> None:
    """Keep a specification, durably; nothing is written where it stands there already.

    Raises ProviderError.
    """
    path = specification_path(store, spec.digest)
    data = spec.to_document()
    try:
        if path.read_bytes() == data:
            return
    except FileNotFoundError:
        make_folder(path.parent)
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    write_file(path, data)


def read_specification(store: Path, digest: str) -> EnvironmentSpec | None:
    """The specification with a digest; None where it is gone or broken, which an apply repairs.

    Raises ProviderError where it cannot be read.
    """
    path = specification_path(store, digest)
    try:
        spec = EnvironmentSpec.from_document(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    return spec if spec.digest == digest else None


def specification_of(store: Path, digest: str) -> EnvironmentSpec:
    """The specification with a digest; raises ProviderError where it is not there."""
    spec = read_specification(store, digest)
    if spec is None:
        raise ProviderError(
            "An environment's specification is missing",
            f"{specification_path(store, digest)} is gone or broken. Run: amlplan apply",
        )
    return spec
