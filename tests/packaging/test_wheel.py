"""The wheel holds the product and nothing else, and works where it is installed."""

import email
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED_SUFFIXES = {".py", ".json", ".toml", ".txt", ".bash", ".fish", ".zsh", ".template"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

RESOLVE_ENTRY_POINTS = """
import json, sys
from importlib.metadata import distributions
points = [p for d in distributions(path=[sys.argv[1]]) for p in d.entry_points]
found = {}
for point in points:
    try:
        point.load()
        found[f"{point.group} {point.name}"] = sys.modules[point.module].__file__
    except (ImportError, AttributeError) as failure:
        found[f"{point.group} {point.name}"] = f"{type(failure).__name__}: {failure}"
print(json.dumps(found))
"""


def package_folders() -> list[Path]:
    groups = [ROOT / name for name in ("providers", "schemas", "state")]
    inner = [folder for group in groups for folder in group.iterdir() if any(folder.glob("*.py"))]
    return [ROOT / "amlplan", *sorted(inner)]


def shipped_files(package: Path) -> set[str]:
    """Everything below a package but caches, as it is named in a wheel."""
    return {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling is not installed; it builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def metadata(installed: Path) -> Message:
    (path,) = installed.glob("*.dist-info/METADATA")
    return email.message_from_string(path.read_text(encoding="utf-8"))


def test_every_package_folder_is_listed_for_the_wheel() -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(listed) == sorted(str(path.relative_to(ROOT)) for path in package_folders())


def test_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    expected = {name for package in package_folders() for name in shipped_files(package)}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected


@pytest.mark.parametrize("package", package_folders(), ids=lambda package: str(package.name))
def test_packages_hold_code_schemas_and_their_type_mark(package: Path) -> None:
    files = shipped_files(package)
    assert f"{package.name}/py.typed" in files
    others = files - {f"{package.name}/py.typed"}
    assert [name for name in others if Path(name).suffix not in SHIPPED_SUFFIXES] == []


def test_entry_points_resolve_where_the_wheel_is_installed(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RESOLVE_ENTRY_POINTS, str(installed)],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    groups = PROJECT["project"]["entry-points"] | {"console_scripts": PROJECT["project"]["scripts"]}
    assert set(found) == {f"{group} {name}" for group, names in groups.items() for name in names}
    elsewhere = {name: file for name, file in found.items() if not file.startswith(str(installed))}
    assert not elsewhere


def test_metadata_tells_licence_and_python(metadata: Message, installed: Path) -> None:
    assert metadata["Requires-Python"] == PROJECT["project"]["requires-python"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    (licence,) = installed.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_base_install_needs_what_the_project_names(metadata: Message) -> None:
    required = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert required == set(PROJECT["project"]["dependencies"])


@pytest.mark.parametrize("folder", ["providers", "schemas", "state", "examples", "tests"])
def test_folders_that_hold_packages_are_none(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()
