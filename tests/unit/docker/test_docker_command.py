"""Which docker command line builds by BuildKit, and what is told of a build."""

import os
from collections import deque
from pathlib import Path

import pytest

from amlplan.errors import ProviderError
from amlplan.testing import StandInOperation
from amlplan_docker.images.docker_command import (
    Told,
    build_command,
    build_with_command,
)

OLD = (
    'case "$1" in --version) echo "Docker version 20.10.24+dfsg1, build 297e128";; *) exit 1;; esac'
)
NEW = 'case "$1" in --version) echo "Docker version 28.2.2, build e6534b4";; *) exit 1;; esac'
WITH_PLUGIN = 'test "$1 $2" = "buildx version" && echo github.com/docker/buildx v0.21'


def program(folder: Path, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def path_of(*folders: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join(map(str, folders))}


def test_the_plugin_is_used_where_it_is(tmp_path: Path) -> None:
    found = program(tmp_path, WITH_PLUGIN)
    command = build_command(path_of(tmp_path))
    assert command is not None
    assert command.arguments[:3] == (str(found), "buildx", "build")


def test_a_command_line_without_buildkit_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "new", NEW)
    old = program(tmp_path / "old", OLD)
    command = build_command(path_of(tmp_path / "empty", tmp_path / "new", tmp_path / "old"))
    assert command is not None
    assert command.arguments == (str(old), "build")
    assert command.variables == {"DOCKER_BUILDKIT": "1"}


@pytest.mark.parametrize("body", [NEW, "exit 1", "echo nothing"])
def test_none_where_no_command_line_has_it(body: str, tmp_path: Path) -> None:
    program(tmp_path, body)
    assert build_command(path_of(tmp_path)) is None
    assert build_command({}) is None


def test_what_a_build_prints_is_told_without_its_frame() -> None:
    texts: list[str] = []
    told = Told(texts.append)
    for line in (
        "#4 [2/3] RUN echo hello",
        "#4 sha256:801d650b862edd7704712dd93f63c240cc054d79371a2d0b9c86e0db46e8c6ea",
        "#4 0.177 hello",
        "#4 DONE 0.2s",
        "",
        "\x1b[91mls: cannot access\x1b[0m",
    ):
        told.take(line)
    assert texts == ["[2/3] RUN echo hello", "hello", "ls: cannot access"]
    assert told.last == deque(texts)


def test_a_build_that_fails_says_its_last_lines(tmp_path: Path) -> None:
    body = 'case "$1" in --version) echo "Docker version 20.10.1, build x";; build) '
    body += 'for i in $(seq 30); do echo "line $i"; done; echo "no such package" >&2; exit 1;; '
    program(tmp_path, f"{body} *) exit 1;; esac")
    command = build_command(path_of(tmp_path))
    assert command is not None
    operation = StandInOperation()
    with pytest.raises(ProviderError, match="no such package") as raised:
        build_with_command(command, [], "FROM x\n", "amlplan/base:1", operation)
    assert "line 30" in raised.value.detail
    assert "line 1\n" not in raised.value.detail
    assert "line 1" in operation.texts
