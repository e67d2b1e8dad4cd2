"""Parts of an image are told apart by content only, and never again otherwise than they were."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan_images.parts import SCHEMA, SOURCE, Parts, PartsCollector

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "src/score.py": "def init(): ...\ndef run(data): ...\n",
    "src/helpers/more.py": "x = 1\n",
    "src/main.hcl": 'workspace "main" {}\n',
    "lib/extra.py": "y = 2\n",
    "single.txt": "z\n",
    "schema.json": "{}\n",
}
DIGEST = "sha256:c2cfe93c8b723a755992e479dd915e8db4243c658afb6f072623e491ac671351"
"""Of the files above: bundles and states hold it, so it must never change."""


def parts(root: Path, files: dict[str, str] | None = None, model: str = "a") -> Parts:
    for name, text in (files or FILES).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    collector = PartsCollector(root, root / "cache")
    collector.add_source("src")
    collector.add("lib", SOURCE)
    collector.add("single.txt", SOURCE)
    collector.add("schema.json", SCHEMA)
    models = {"ridge": {"model.bin": f"sha256:{model * 64}"}}
    return Parts("score.py", collector.files, models, "sha256:" + "e" * 64)


def test_the_digest_is_what_it_was_and_over_content_only(tmp_path: Path) -> None:
    first = parts(tmp_path / "one")
    assert first.digest == DIGEST
    os.utime(tmp_path / "one/src/score.py", (1, 1))
    (tmp_path / "one/src/score.py").chmod(0o700)
    assert parts(tmp_path / "one").digest == DIGEST
    assert parts(tmp_path / "two", dict(reversed(FILES.items()))).digest == DIGEST
    changed = {**FILES, "src/score.py": "def init(): ...\ndef run(data): return 1\n"}
    assert parts(tmp_path / "one", changed).digest != DIGEST
    assert parts(tmp_path / "two", model="b").digest != DIGEST
    assert replace(first, environment="sha256:" + "f" * 64).digest != DIGEST


def test_every_input_has_its_own_digest(tmp_path: Path) -> None:
    assert set(parts(tmp_path).contents) == {
        "environment",
        "models/ridge",
        "schema/schema.json",
        "source/helpers/more.py",
        "source/lib/extra.py",
        "source/score.py",
        "source/single.txt",
    }


def test_a_source_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is no folder that exists"):
        PartsCollector(tmp_path, tmp_path / "cache").add_source("src")


def test_a_link_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    folder = tmp_path / "root/lib"
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(outside)
    collector = PartsCollector(tmp_path / "root", tmp_path / "cache")
    with pytest.raises(ProviderError, match=r"leads to .* outside of"):
        collector.add("lib", SOURCE)


def test_a_pipe_is_no_file_of_an_image(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    os.mkfifo(tmp_path / "lib/pipe")
    with pytest.raises(ProviderError, match="is a pipe, a socket or a device"):
        PartsCollector(tmp_path, tmp_path / "cache").add("lib", SOURCE)
