from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.keys import Keys, UnusableKeysError

if TYPE_CHECKING:
    from pathlib import Path


def written(path: Path, content: object, mode: int = 0o600) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return str(path)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(written(tmp_path / "keys", {"primary": "one", "secondary": "two"}))


@pytest.mark.parametrize("value", [b"Bearer one", b"Bearer two", b"bearer  one "])
def test_both_keys_open(keys: Keys, value: bytes) -> None:
    assert keys.accept(value)


@pytest.mark.parametrize(
    "value", [b"", b"one", b"Bearer ", b"Bearer on", b"Bearer one2", b"Basic one", b"Bearer \xff"]
)
def test_nothing_else_opens(keys: Keys, value: bytes) -> None:
    assert not keys.accept(value)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", '{"primary": 1}', '{"primary": ""}', "{", '{"other": "k"}']
)
def test_a_file_without_keys_is_refused_and_the_old_keys_stay(
    keys: Keys, tmp_path: Path, content: str
) -> None:
    written(tmp_path / "keys", content)
    with pytest.raises(UnusableKeysError):
        keys.reload()
    assert keys.accept(b"Bearer one")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UnusableKeysError, match="0600"):
        Keys(written(tmp_path / "keys", {"primary": "one"}, mode))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeysError, match="cannot be read"):
        Keys(str(tmp_path / "none"))


def test_reload_takes_the_new_keys_and_fingerprints_tell_it(keys: Keys, tmp_path: Path) -> None:
    before = keys.fingerprints()
    written(tmp_path / "keys", {"primary": "three", "secondary": "two"})
    keys.reload()
    assert keys.accept(b"Bearer three")
    assert not keys.accept(b"Bearer one")
    after = keys.fingerprints()
    assert after["secondary"] == before["secondary"]
    assert after["primary"] != before["primary"]
    assert "three" not in json.dumps(after)
