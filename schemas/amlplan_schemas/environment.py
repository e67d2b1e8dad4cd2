"""Environments: specifications of a Python and its packages, built where they are needed."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from amlplan_schemas.base import (
    Behaviour,
    BlockReference,
    LocalPath,
    NoPlainCredentials,
    NoSecrets,
    Reference,
    ResourceInputs,
    ResourceOutputs,
    Schema,
    Text,
    Trait,
)

PLATFORMS = (
    "linux-x86_64",
    "linux-aarch64",
    "macos-x86_64",
    "macos-arm64",
    "windows-x86_64",
)


class EnvironmentDocker(Schema):
    """What lies under the environment where an image is made of it; elsewhere it is not used."""

    base_image: str | None = Field(
        default=None,
        min_length=1,
        description="The image that it starts from, with its Python; python:VERSION-slim when "
        "left out.",
    )
    apt: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]*(=[\w.+:~-]+)?$")], ...] = Field(
        default=(), description="Packages of Debian, as in libgomp1 or libgomp1=12.2.0-14."
    )
    steps: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="Commands of its shell, run once in this order, after apt."
    )


class Environment(ResourceInputs):
    """A specification with a digest over its settings and what they were locked to."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9][\w.-]{0,254}$"

    workspace: Annotated[Reference, Behaviour.REPLACE, BlockReference("workspace")] = Field(
        description="The workspace it belongs to."
    )
    python: Annotated[str | None, Behaviour.UPDATE] = Field(
        default=None,
        pattern=r"^3\.\d{1,2}(\.\d{1,2})?$",
        coerce_numbers_to_str=False,  # 3.10 as a number is 3.1
        description="Version of Python, as in 3.11; required unless user_managed or conda_file.",
    )
    requirements: Annotated[tuple[str, ...] | None, Behaviour.UPDATE] = Field(
        default=None, description="Requirements, one of the sources below."
    )
    requirements_file: Annotated[str | None, Behaviour.UPDATE, LocalPath] = Field(
        default=None, description="A requirements.txt, one of the sources."
    )
    pyproject: Annotated[str | None, Behaviour.UPDATE, LocalPath] = Field(
        default=None, description="A pyproject.toml, one of the sources."
    )
    conda_file: Annotated[str | None, Behaviour.UPDATE, LocalPath] = Field(
        default=None,
        description="A conda environment file, one of the sources; its Python where python is "
        "left out.",
    )
    relax: Annotated[bool | None, Behaviour.UPDATE] = Field(
        default=None,
        description="Whether a Python or a version of conda_file that cannot be had may be another "
        "one.",
    )
    user_managed: Annotated[bool, Behaviour.UPDATE] = Field(
        default=False, description="Whether an interpreter that you keep is used as it is."
    )
    interpreter: Annotated[str | None, Behaviour.UPDATE] = Field(
        default=None, description="That interpreter on the target; only with user_managed."
    )
    index_url: Annotated[str | None, Behaviour.UPDATE, NoPlainCredentials] = Field(
        default=None, description="The package index in place of the default one."
    )
    extra_index_urls: Annotated[tuple[str, ...], Behaviour.UPDATE, NoPlainCredentials] = Field(
        default=(), description="Further package indexes."
    )
    find_links: Annotated[tuple[str, ...], Behaviour.UPDATE, NoPlainCredentials] = Field(
        default=(), description="Folders or pages with wheels."
    )
    platforms: Annotated[tuple[str, ...], Behaviour.UPDATE] = Field(
        default=(), description="Platforms it must resolve for; every platform when left out."
    )
    variables: Annotated[dict[str, Text], Behaviour.UPDATE] = Field(
        default_factory=dict,
        description="Environment variables of processes in it; not part of the digest.",
    )
    docker: Annotated[EnvironmentDocker | None, Behaviour.METADATA, NoSecrets] = Field(
        default=None,
        description="What lies under it in images; not part of the digest, but of that of images.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = {
            "requirements": self.requirements is not None,
            "requirements_file": self.requirements_file is not None,
            "pyproject": self.pyproject is not None,
            "conda_file": self.conda_file is not None,
            "user_managed": self.user_managed,
        }
        given = [name for name, there in sources.items() if there]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise ValueError(f"exactly one of {', '.join(sources)} is needed; found {found}")
        if self.user_managed and not self.interpreter:
            raise ValueError("user_managed needs interpreter: the Python to use as it is")
        if self.relax is not None and self.conda_file is None:
            raise ValueError("relax is for conda_file only")
        if not self.user_managed and self.python is None and self.conda_file is None:
            raise ValueError('python is needed, as in python = "3.11"')
        unknown = sorted(set(self.platforms) - set(PLATFORMS))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no platform; choose from {', '.join(PLATFORMS)}")
        return self


class EnvironmentOutputs(ResourceOutputs):
    """What an environment is once it is recorded."""

    digest: Annotated[str, Trait.WATCHED] = Field(
        description="Over settings and locked requirements; variables are not part of it."
    )
    packages: int = Field(description="How many packages it was locked to.")
