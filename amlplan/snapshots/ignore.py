"""Which files of a source folder are left out of its snapshots, and why."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan.files import failure_at
from amlplan.snapshots.patterns import in_bytes, patterns_of

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.snapshots.patterns import Pattern

OWN = ".amlignore"
GIT = ".gitignore"
ALWAYS = "always left out"
_NAMES = frozenset({".git", ".amlplan", "amlplan.lock", "__pycache__"})
_BEGINNING = "amlplan.state.json"
_JOURNAL, _LOCK = ".journal", ".lock"
"""What lies beside a state, by which it is known under any name."""
_ENDINGS = (".amlvars", ".amlvars.json", ".plan")
VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of an ignore file, relative to the source; `keeps` tells a negation."""

    file: str
    line: int
    text: str
    keeps: bool


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a path is left out: `path` is the file or folder that decided, `reason` is for people.

    `is_fixed` tells that no ignore file decided, and none can change it.
    """

    path: str
    reason: str
    is_fixed: bool = False
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """The patterns of one ignore file; they hold for what begins with `prefix`."""

    prefix: str
    file: str
    patterns: tuple[Pattern, ...]


Levels = tuple[Level, ...]
"""The ignore files that have a say about the entries of a folder, the deepest one first."""


@dataclass(slots=True)
class IgnoreRules:
    """The ignore rules of a source folder.

    Its `.amlignore` decides alone where there is one; else the `.gitignore` of every folder, as
    git reads them. What lies above the source has no say, so that a copy of it elsewhere has the
    same rules. `runs_own` are names at its top that belong to a run, whatever lies there.
    """

    source: Path
    runs_own: frozenset[str] = frozenset()
    file: str = field(init=False)
    """The name of the ignore files that decide."""
    _states: dict[str, frozenset[str]] = field(init=False, default_factory=dict)
    """By folder, the names of states in it, wherever the configuration keeps them."""

    def __post_init__(self) -> None:
        self.file = OWN if (self.source / OWN).is_file() else GIT

    def enter(self, folder: str, above: Levels) -> Levels:
        """The levels of a folder, of its path with a slash at the end ("" for the source itself).

        Raises AmlplanError for an ignore file that cannot be read.
        """
        if folder and self.file == OWN:
            return above
        file = folder + self.file
        patterns = self._patterns(self.source / file)
        return (Level(folder, file, patterns), *above) if patterns else above

    def decide(self, path: str, levels: Levels, *, is_folder: bool) -> Exclusion | None:
        """Why an entry of a folder that is kept is left out itself, None where it is kept."""
        name = path.rpartition("/")[2]
        if name in _NAMES or name.startswith(_BEGINNING) or name.endswith(_ENDINGS):
            return Exclusion(path, ALWAYS, is_fixed=True)
        if self._is_of_a_state(path.removesuffix(name), name):
            return Exclusion(path, f"{ALWAYS}: a state", is_fixed=True)
        if path in self.runs_own:
            return Exclusion(path, f"{path} is the run's own and begins empty", is_fixed=True)
        rule = rule_for(path, levels, is_folder=is_folder)
        if rule is None or rule.keeps:
            return None
        return Exclusion(path, f"excluded by {rule.file} line {rule.line}", rule=rule)

    def _is_of_a_state(self, folder: str, name: str) -> bool:
        """Whether a file is a state, or lies beside one: its journal, its lock, earlier ones."""
        states = self._states.get(folder)
        if states is None:
            names = _names_in(self.source / folder)
            states = frozenset(
                found
                for found in (item.removesuffix(_JOURNAL) for item in names if _JOURNAL in item)
                if found in names and f"{found}{_LOCK}" in names
            )
            self._states[folder] = states
        return bool(states) and any(
            name == state or name.startswith(f"{state}.") for state in states
        )

    def decide_folder(self, path: str, levels: Levels) -> Exclusion | None:
        """The same for a folder, which a virtual environment is left out as."""
        excluded = self.decide(path, levels, is_folder=True)
        if excluded is None and (self.source / path / VIRTUAL_ENVIRONMENT).is_file():
            return Exclusion(path, f"{ALWAYS}: a virtual environment", is_fixed=True)
        return excluded

    def explain(self, path: str | Path) -> Exclusion | None:
        """Why a path is left out, None where it would be kept; it need not exist.

        Relative to the source, or absolute; one that does not exist is taken for a folder where
        it ends in a slash. Raises AmlplanError for a path outside, and as `enter` does.
        """
        inner = self.inside(os.fspath(path))
        is_folder = os.fspath(path).endswith("/") or _is_folder(self.source / inner)
        levels = self.enter("", ())
        *folders, name = inner.split("/")
        above = ""
        for folder in folders:
            excluded = self.decide_folder(above + folder, levels)
            if excluded is not None:
                return excluded
            above += f"{folder}/"
            levels = self.enter(above, levels)
        if is_folder and name != ".":
            return self.decide_folder(above + name, levels)
        return self.decide(above + name, levels, is_folder=False)

    def inside(self, path: str) -> str:
        """A path relative to the source; raises AmlplanError for one that is outside."""
        source = self.source.absolute()
        inner = os.path.relpath(source / path, source)
        if inner == ".." or inner.startswith("../"):
            raise AmlplanError(
                "A path outside of the source",
                f"{path} is not in {self.source}, so nothing decides about it. Name a path in it.",
            )
        return inner

    def _patterns(self, path: Path) -> tuple[Pattern, ...]:
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return ()  # git does not follow links here, lest they lead outside
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        return patterns_of(data)


def rule_for(path: str, levels: Levels, *, is_folder: bool) -> Rule | None:
    """The line that decides about an entry of a folder that is kept, None where none does."""
    name = in_bytes(path.rpartition("/")[2])
    for level in levels:
        inner = in_bytes(path[len(level.prefix) :])
        for pattern in reversed(level.patterns):
            if pattern.folders_only and not is_folder:
                continue
            if pattern.matches(inner if pattern.anchored else name):
                return Rule(level.file, pattern.line, pattern.text, pattern.keeps)
    return None


def _names_in(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208 - names are wanted, not paths
    except OSError:
        return frozenset()


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False
