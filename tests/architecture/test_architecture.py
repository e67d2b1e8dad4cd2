"""How the product is built: directions of imports, sizes, and who may do what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path
    for folder in ("amlplan", "providers", "schemas", "state")
    for path in (ROOT / folder).rglob("*.py")
)
PROVIDER_MODULES = [path for path in MODULES if path.is_relative_to(ROOT / "providers")]
LINES_AT_MOST = 500
SLOW_TO_IMPORT = {"pydantic", "rich", "deepdiff", "asyncio", "importlib.metadata", "http.client"}
# uv is a command; its package only tells where the command lies.
PROVIDERS_MAY_IMPORT = {*sys.stdlib_module_names, "amlplan", "amlplan_schemas", "pydantic", "uv"}
# What a package is built on, rather than an SDK whose objects could leak out of it.
LIBRARIES = {
    "amlplan_endpoint": {"amlplan_local", "yaml"},  # it serves runs of this host
    "amlplan_serve": {"httptools", "prometheus_client", "uvicorn", "uvloop"},
    "amlplan_docker": {"amlplan_deployments", "amlplan_images", "amlplan_serve"},
    "amlplan_images": {"amlplan_serve"},  # whose files go into images
    "amlplan_local": {"amlplan_deployments", "amlplan_images", "amlplan_serve"},
}
# Programs of their own, which end with an exit code and may say why.
PROGRAMS = {
    ROOT / "amlplan/guard.py",
    ROOT / "amlplan/runs/conducting.py",
    ROOT / "providers/amlplan_docker/carrying/__main__.py",
    ROOT / "providers/amlplan_docker/inside/relay.py",
    ROOT / "providers/amlplan_docker/inside/runner.py",
    ROOT / "providers/amlplan_run/distributed.py",
    ROOT / "providers/amlplan_serve/__main__.py",
    ROOT / "providers/amlplan_serve/entry.py",
    *(ROOT / "providers/amlplan_serve/modes").glob("*.py"),
    ROOT / "providers/amlplan_serve/worker.py",
}

every_module = pytest.mark.parametrize(
    "module", MODULES, ids=lambda path: str(path.relative_to(ROOT))
)


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def imported_packages(module: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(tree_of(module))}


def calls_of(tree: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def is_command_line(module: Path) -> bool:
    return module.is_relative_to(ROOT / "amlplan/cli")


def imported_on_the_way(*arguments: str) -> set[str]:
    """The modules that Python imports while the command line runs with these arguments."""
    code = "import sys; from amlplan.cli.main import main; sys.exit(main())"
    if not arguments:
        code = "import amlplan.cli.main"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_imports_point_downwards() -> None:
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@every_module
def test_module_is_of_readable_size(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LINES_AT_MOST


@every_module
def test_module_says_what_it_is_in_one_line(module: Path) -> None:
    first, _, rest = (ast.get_docstring(tree_of(module)) or "").partition("\n")
    assert first.endswith((".", ":"))
    assert not rest or rest.startswith("\n")


@every_module
def test_only_the_command_line_prints_and_exits(module: Path) -> None:
    if is_command_line(module) or module in PROGRAMS:
        return
    tree = tree_of(module)
    speaks = {"print", "sys.exit", "exit", "os._exit", "sys.stdout.write", "sys.stderr.write"}
    assert not calls_of(tree) & speaks
    assert not imported_packages(module) & {"click", "rich"}


@every_module
def test_no_module_changes_its_globals(module: Path) -> None:
    changed = [node.names for node in ast.walk(tree_of(module)) if isinstance(node, ast.Global)]
    assert not changed


@pytest.mark.parametrize("module", PROVIDER_MODULES, ids=lambda path: str(path.name))
def test_an_sdk_stops_at_the_providers_client(module: Path) -> None:
    own = module.relative_to(ROOT / "providers").parts[0]
    sdks = imported_packages(module) - PROVIDERS_MAY_IMPORT - LIBRARIES.get(own, set()) - {own}
    if not sdks:
        return
    assert module.name == "client.py", f"{', '.join(sorted(sdks))} belong in client.py"
    signatures = [
        node.returns
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert not [ast.unparse(item) for item in signatures if item and "Any" in ast.unparse(item)]


def test_importing_the_command_line_is_quick() -> None:
    assert not imported_on_the_way() & SLOW_TO_IMPORT


def test_version_imports_nothing_slow() -> None:
    assert not imported_on_the_way("version") & SLOW_TO_IMPORT


def test_a_history_imports_nothing_slow() -> None:
    code = "import sys, amlplan_state.runs.store; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert not set(done.stdout.split()) & SLOW_TO_IMPORT
