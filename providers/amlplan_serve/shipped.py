"""What an image has of amlplan itself, beside the packages in requirements.txt."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
"""What the server imports, pinned with hashes for Python 3.8 and newer on every platform."""
SHIMS = HERE.parent / "amlplan_run"
OLDEST_PYTHON = (3, 8)
CORE = ("__init__.py", "guard.py", "masking.py")
"""The modules of the core that the server imports; they import nothing of ours."""


def shipped_files() -> dict[str, Path]:
    """The server's own files: where each lies in its folder, and where it is now."""
    import amlplan

    core = Path(amlplan.__file__).parent
    ours = sorted(path for path in HERE.rglob("*.py") if path.name != "entry.py")
    return {
        "__main__.py": HERE / "entry.py",
        **{f"amlplan/{name}": core / name for name in CORE},
        **{f"amlplan_serve/{path.relative_to(HERE).as_posix()}": path for path in ours},
        **{f"amlplan_run/{path.relative_to(SHIMS).as_posix()}": path for path in _shims()},
    }


def _shims() -> list[Path]:
    """What scoring scripts find as `azureml` where it is not installed."""
    return sorted(path for path in SHIMS.rglob("*") if path.suffix in {".py", ".json"})
