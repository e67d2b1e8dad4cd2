"""Requirements as users write them, read into a request that says the same on every machine."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX, hash_file
from amlplan.errors import NotFoundError, ProviderError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXTRAS = r"(?:\[[A-Za-z0-9._,\s-]*\])?"
_COMPARISON = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+"
_VERSIONS = rf"(?:{_COMPARISON}(?:\s*,\s*{_COMPARISON})*\s*,?)"
REQUIREMENT = re.compile(
    rf"{_NAME}\s*{_EXTRAS}\s*(?:@\s*\S+|{_VERSIONS}|\(\s*{_VERSIONS}\s*\))?\s*(?:;.*)?"
)
WHEEL = re.compile(
    rf"(?P<path>[^;]*?(?P<name>[A-Za-z0-9._]+)-[^-/]+(?:-\d[^-/]*)?-[^-/]+-[^-/]+-[^-/;]+\.whl)"
    rf"(?P<extras>{_EXTRAS})\s*(?P<marker>;.*)?"
)
_CREDENTIALS = re.compile(r"://[^/\s@]*:[^/\s@]*@")
_OPTION = re.compile(r"\s(?:--hash|--config-settings|--global-option)[= ]\S+")


@dataclass(slots=True)
class Requirements:
    """What was asked for: requirements, constraints, and the digests of local wheels by path."""

    root: Path
    wanted: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    wheels: dict[str, str] = field(default_factory=dict)

    def add(self, lines: Iterable[str], folder: Path, where: str) -> None:
        """Take requirements whose relative paths start in a folder; raises ProviderError."""
        for line in lines:
            self.wanted.append(self._checked(line.strip(), folder, where))

    def add_file(self, path: Path, *, as_constraints: bool = False) -> None:
        """Take a requirements.txt and what it includes; raises ProviderError."""
        self._add_file(path, (), as_constraints=as_constraints)

    def add_pyproject(self, path: Path) -> None:
        """Take the dependencies of a pyproject.toml, at the versions of a uv.lock beside it."""
        document = _toml(path)
        project = document.get("project")
        dependencies = project.get("dependencies") if isinstance(project, dict) else None
        if not isinstance(dependencies, list) or not all(
            isinstance(item, str) for item in dependencies
        ):
            raise ProviderError(
                "No dependencies in a pyproject.toml",
                f"{path} states no project.dependencies. Write them there as a list, or name a "
                "requirements_file instead.",
            )
        self.add(dependencies, path.parent, str(path))
        lock = path.with_name("uv.lock")
        if lock.is_file():
            self.constraints.extend(_pins(_toml(lock)))

    def _add_file(self, path: Path, above: tuple[Path, ...], *, as_constraints: bool) -> None:
        if path in above:
            raise ProviderError(
                "A requirements file includes itself",
                f"{path} includes itself by way of {above[-1]}. Remove one of the lines.",
            )
        for line in _lines(path):
            self._add_line(line, path, above, as_constraints=as_constraints)

    def add_line(self, line: str, path: Path) -> None:
        """Take one line as a requirements file at `path` would have it; raises ProviderError."""
        self._add_line(line.strip(), path, (), as_constraints=False)

    def _add_line(
        self, line: str, path: Path, above: tuple[Path, ...], *, as_constraints: bool
    ) -> None:
        option, value = _split_option(line)
        if option in {"-r", "--requirement", "-c", "--constraint"}:
            inner = Path(os.path.normpath(path.parent / value))
            limits = as_constraints or option in {"-c", "--constraint"}
            self._add_file(inner, (*above, path), as_constraints=limits)
        elif option:
            raise ProviderError(
                "An option in a requirements file",
                f"{path} holds the option {option}, which amlplan does not take from there. "
                "Use index_url, extra_index_urls or find_links of the environment instead; "
                "for a package of your own, build a wheel and name that.",
            )
        else:
            target = self.constraints if as_constraints else self.wanted
            target.append(self._checked(_OPTION.sub("", line).strip(), path.parent, str(path)))

    def _checked(self, text: str, folder: Path, where: str) -> str:
        if _CREDENTIALS.search(text):
            raise ProviderError(
                "A password in a requirement",
                f"{where} holds a requirement whose URL has a password in it. Take it out and "
                "keep it in ~/.netrc or in git's credential helper.",
            )
        match = WHEEL.fullmatch(text)
        if match is not None and "://" not in text and "@" not in match["path"]:
            return self._wheel(match, folder)
        if REQUIREMENT.fullmatch(text) is None:
            raise ProviderError(
                "Invalid requirement",
                f'"{text}", in {where}, is no requirement. Write a package as in numpy==2.1.0, '
                "or the path of a wheel; a folder of sources has to be built into a wheel first.",
            )
        return text

    def _wheel(self, match: re.Match[str], folder: Path) -> str:
        path = Path(os.path.normpath(folder / match["path"]))
        relative = Path(os.path.relpath(path, self.root)).as_posix()
        try:
            self.wheels[relative] = PREFIX + hash_file(path)
        except FileNotFoundError as failure:
            raise NotFoundError(
                "A wheel is missing", f"{path} does not exist. Build it, or correct the path."
            ) from failure
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        marker = f" {match['marker']}" if match["marker"] else ""
        return f"{match['name']}{match['extras']} @ {relative}{marker}"


def with_wheel_uris(wanted: Iterable[str], wheels: Mapping[str, str], root: Path) -> list[str]:
    """The requirements as a resolver takes them on this machine."""
    found = []
    for text in wanted:
        head, at, rest = text.partition(" @ ")
        path, _, marker = rest.partition(" ;")
        if at and path in wheels:
            uri = Path(os.path.normpath(root / path)).as_uri()
            found.append(f"{head} @ {uri}" + (f" ;{marker}" if marker else ""))
        else:
            found.append(text)
    return found


def _lines(path: Path) -> list[str]:
    """The lines of a requirements file, joined where they go on, without comments."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A requirements file is missing", f"{path} does not exist. Correct the path."
        ) from failure
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    except UnicodeDecodeError as failure:
        raise ProviderError(
            "A requirements file is no text", f"{path} is not UTF-8. Save it as UTF-8."
        ) from failure
    joined = re.sub(r"\\\r?\n", " ", text)
    bare = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in bare if line]


def _split_option(line: str) -> tuple[str, str]:
    if not line.startswith("-"):
        return "", line
    option, _, value = line.replace("=", " ", 1).partition(" ")
    if not option.startswith("--"):
        option, value = line[:2], line[2:]
    return option, value.strip().strip("\"'")


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A project file is missing", f"{path} does not exist. Correct the path."
        ) from failure
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise ProviderError(
            "A project file is broken", f"{path} is no TOML: {failure}. Correct it."
        ) from failure


def _pins(lock: Mapping[str, Any]) -> list[str]:
    """The versions that a uv.lock holds, as constraints."""
    pins: list[str] = []
    for package in lock.get("package", []):
        source = package.get("source", {})
        if "registry" not in source or "version" not in package:
            continue
        pin = f"{package['name']}=={package['version']}"
        markers = package.get("resolution-markers") or [""]
        pins.extend(f"{pin} ; {marker}" if marker else pin for marker in markers)
    return sorted(pins)
