"""The lock that comes with the server says what pyproject.toml asks, for every Python."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from amlplan_serve.shipped import CORE, OLDEST_PYTHON, REQUIREMENTS, shipped_files

ROOT = Path(__file__).resolve().parents[3]
SERVER = {"httptools", "prometheus-client", "uvicorn", "uvloop"}
NEWEST = 14
PYTHONS = [f"{OLDEST_PYTHON[0]}.{minor}" for minor in range(OLDEST_PYTHON[1], NEWEST + 1)]
PLATFORMS = ("linux", "darwin")


def pins() -> list[tuple[Requirement, list[str]]]:
    """Each line of the lock, with its hashes."""
    lines = REQUIREMENTS.read_text().replace("\\\n", " ").splitlines()
    parts = [line.split(" --hash=") for line in lines if line.strip()]
    return [(Requirement(first.strip()), [item.strip() for item in rest]) for first, *rest in parts]


def pinned_for(python: str, platform: str) -> dict[str, str]:
    about = {
        "python_version": python,
        "python_full_version": f"{python}.20",
        "sys_platform": platform,
    }
    found: dict[str, str] = {}
    for requirement, _ in pins():
        if requirement.marker is None or requirement.marker.evaluate(about):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is pinned twice for {python}"
            found[name] = next(iter(requirement.specifier)).version
    return found


def asked() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [Requirement(item) for item in project["dependencies"]]
    return {item.name: item for item in found if item.name in SERVER}


def imported(paths: list[Path]) -> set[str]:
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {item.name for item in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_python_gets_what_the_project_asks_for(python: str, platform: str) -> None:
    found = pinned_for(python, platform)
    assert found.keys() >= SERVER
    for name, requirement in asked().items():
        assert requirement.specifier.contains(found[name]), (name, found[name])


def test_everything_is_pinned_and_has_a_hash() -> None:
    assert pins()
    for requirement, hashes in pins():
        assert [item.operator for item in requirement.specifier] == ["=="]
        assert hashes
        assert all(item.startswith("sha256:") for item in hashes)


def test_the_lock_names_no_package_index() -> None:
    assert "://" not in REQUIREMENTS.read_text()


def test_what_is_shipped_imports_nothing_else_of_ours() -> None:
    names = imported(list(shipped_files().values()))
    ours = {name for name in names if name.partition(".")[0] == "amlplan"}
    allowed = {"amlplan", *(f"amlplan.{name.removesuffix('.py')}" for name in CORE[1:])}
    assert ours <= allowed


def test_what_is_shipped_imports_only_what_is_pinned() -> None:
    roots = {name.partition(".")[0] for name in imported(list(shipped_files().values()))}
    outside = roots - set(sys.stdlib_module_names) - {"amlplan", "amlplan_run", "amlplan_serve"}
    optional = {"flask", "azureml", "azureml_inference_server_http"}  # a script has them
    assert {canonicalize_name(name) for name in outside - optional} <= SERVER
