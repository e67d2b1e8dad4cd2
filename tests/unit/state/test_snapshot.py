from __future__ import annotations

import gc
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlplan.errors import EXIT_STATE, StateError, StateFormatError
from amlplan_schemas.state import State, StateOutput, Tree
from amlplan_state import snapshot
from amlplan_state.local import LocalBackend
from state_support import HOLDER, backend, intent, push, record, silent

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def made(**fields: Any) -> State:
    return State(tool_version="0.1.0", lineage="l", serial=3, salt="00", **fields)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_value_comes_back(values: dict[str, Any]) -> None:
    state = made(records={"a.b": record("a.b").model_copy(update={"inputs": Tree(values=values)})})
    assert snapshot.decode(snapshot.encode(state)) == state


def test_a_number_that_json_has_no_word_for_becomes_null() -> None:
    state = snapshot.decode(snapshot.encode(made(outputs={"a": StateOutput(value=float("nan"))})))
    assert state == made(outputs={"a": StateOutput()})


def test_order_depends_on_content_only() -> None:
    one, two = record("a.one"), record("a.two")
    assert snapshot.encode(made(records={"a.one": one, "a.two": two})) == snapshot.encode(
        made(records={"a.two": two, "a.one": one})
    )


def test_text_is_json_with_the_checksum_in_its_first_line() -> None:
    text = snapshot.encode(made(records={"a.b": record("a.b")}))
    first, rest = text.split(b"\n", 1)
    whole = json.loads(text)
    assert whole["records"]["a.b"]["name"] == "b"
    assert whole["sha256"].encode() in first
    assert whole["sha256"] == hashlib.sha256(rest).hexdigest()


def test_any_changed_byte_is_noticed() -> None:
    text = snapshot.encode(made(records={"a.b": record("a.b")}))
    for place in range(len(text)):
        assert snapshot.decode(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]) is None
        assert snapshot.decode(text[:place]) is None


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        snapshot.decode(snapshot.encode(made()))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_fields_of_newer_writers_are_ignored() -> None:
    body = json.dumps({**made().model_dump(mode="json"), "novelty": 1}, indent=1)[2:].encode()
    head = snapshot.ABOUT + hashlib.sha256(body).hexdigest().encode() + b'",\n'
    assert snapshot.decode(head + body) == made()


def with_history(folder: Path) -> Path:
    """A state of serial 3, with serials 1 and 2 behind it."""
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        for name in ("a.one", "a.two"):
            writer.begin(intent(name))
            writer.finish(name, record(name))
            writer.conclude(None, None)
    return folder / "state.json"


def resealed(text: bytes, **changes: Any) -> bytes:
    body = json.dumps({**json.loads(text.split(b"\n", 1)[1].join([b"{", b""])), **changes})
    rest = body[1:].encode() + b"\n"
    return snapshot.ABOUT + hashlib.sha256(rest).hexdigest().encode() + b'",\n' + rest


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "empty": (lambda text: b"", "is empty", "has no content"),
    "not json": (lambda text: b"hello", "is damaged", "is not JSON, so amlplan did not write it"),
    "binary": (lambda text: b"\x00" * 9, "is damaged", "is not JSON"),
    "truncated": (lambda text: text[:-20], "is damaged", "ends in the middle"),
    "broken": (lambda text: text.replace(b":", b";"), "is damaged", "is not JSON"),
    "edited": (lambda text: text.replace(b"one", b"two"), "changed by hand", "checksum"),
    "formatted": (
        lambda text: json.dumps(json.loads(text)).encode(),
        "changed by hand",
        "checksum",
    ),
    "terraform": (
        lambda text: b'{"version": 4, "terraform_version": "1.11.4", "lineage": "x"}',
        "not amlplan's",
        "a state of Terraform or OpenTofu",
    ),
    "foreign": (lambda text: b'["a"]', "not amlplan's", "is JSON that amlplan did not write"),
    "newer": (
        lambda text: resealed(text, format_version=2, tool_version="9.9", records=[]),
        "newer amlplan",
        "written by amlplan 9.9; this amlplan reads up to format 1. Use amlplan 9.9 or newer",
    ),
    "newer that reads": (
        lambda text: resealed(text, format_version=2, tool_version="9.9"),
        "newer amlplan",
        "Use amlplan 9.9 or newer",
    ),
    "unfit": (lambda text: resealed(text, serial="x"), "is damaged", "cannot read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_an_error_that_says_how_to_go_on(tmp_path: Path, case: str) -> None:
    change, summary, why = BROKEN[case]
    path = with_history(tmp_path)
    path.write_bytes(change(path.read_bytes()))
    copy = tmp_path / "state.json.history" / "00000002.json"
    for attempt in (
        backend(tmp_path).reader().read,
        lambda: backend(tmp_path).open(HOLDER, timeout=0, waiting=silent),
    ):
        with pytest.raises(StateFormatError) as raised:
            attempt()
        assert raised.value.exit_code == EXIT_STATE
        assert summary in raised.value.summary
        assert str(path) in raised.value.detail
        assert why in raised.value.detail
        force = "-force " if case in ("terraform", "foreign", "newer", "newer that reads") else ""
        assert f"amlplan state push {force}{copy}" in raised.value.detail
        assert "serial 2, 1 resource)" in raised.value.detail


def test_the_copy_that_is_named_is_itself_checked(tmp_path: Path) -> None:
    path = with_history(tmp_path)
    path.write_bytes(b"")
    newest, oldest = (
        tmp_path / "state.json.history" / f"0000000{serial}.json" for serial in (2, 1)
    )
    newest.write_bytes(newest.read_bytes()[:-3])
    with pytest.raises(StateFormatError, match=f"state push {oldest}"):
        backend(tmp_path).reader().read()
    oldest.write_bytes(b"")
    with pytest.raises(StateFormatError, match="no good earlier copy"):
        backend(tmp_path).reader().read()


def test_the_command_that_is_named_restores(tmp_path: Path) -> None:
    path = with_history(tmp_path)
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.three"))
    path.write_bytes(b"")
    with pytest.raises(StateFormatError) as raised:
        backend(tmp_path).reader().read()
    push(tmp_path, raised.value.detail.rpartition("restore it with: amlplan state push ")[2])
    state = backend(tmp_path).reader().read()
    assert state is not None
    assert (state.serial, list(state.records)) == (2, ["a.one"])
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.four", record("a.four"))
        assert writer.conclude(None, None).serial == 3


def test_a_serial_in_the_history_is_not_given_again(tmp_path: Path) -> None:
    path = with_history(tmp_path)
    path.write_bytes((tmp_path / "state.json.history" / "00000001.json").read_bytes())
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.other", record("a.other"))
        assert writer.conclude(None, None).serial == 3
    kept = [json.loads(Path(name).read_text())["serial"] for name in backend(tmp_path).earlier()]
    assert kept == [2, 1]


def test_an_older_state_under_a_newer_journal_is_an_error(tmp_path: Path) -> None:
    path = with_history(tmp_path)
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.three"))
    path.write_bytes((tmp_path / "state.json.history" / "00000002.json").read_bytes())
    with pytest.raises(
        StateFormatError, match=r"has serial 2, but .* continues serial 3"
    ) as raised:
        backend(tmp_path).reader().read()
    push(tmp_path, raised.value.detail.rpartition("since then: amlplan state push ")[2])
    state = backend(tmp_path).reader().read()
    assert state is not None
    assert (state.serial, list(state.records)) == (2, ["a.one"])


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(StateFormatError, match="is a folder, where a file is expected"):
        backend(tmp_path).reader().read()


def test_a_pipe_in_the_place_of_the_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state.json")
    with pytest.raises(StateError, match="not a regular file"):
        backend(tmp_path).reader().read()


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = with_history(tmp_path)
    opened = os.open

    def refuse(name: Path, *arguments: int) -> int:
        if name == path:  # root may read whatever its mode
            raise PermissionError(13, "Permission denied", str(name))
        return opened(name, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StateFormatError, match="Run amlplan as the user that applied") as raised:
        backend(tmp_path).reader().read()
    assert "amlplan state push " in raised.value.detail


@pytest.mark.parametrize("left", ["journal", "history", "both"])
def test_a_vanished_file_is_never_no_state(tmp_path: Path, left: str) -> None:
    path = with_history(tmp_path)
    path.unlink()
    if left == "journal":
        (tmp_path / "state.json.history").rename(tmp_path / "elsewhere")
    if left == "history":
        (tmp_path / "state.json.journal").unlink()
    for attempt in (
        backend(tmp_path).reader().read,
        lambda: backend(tmp_path).open(HOLDER, timeout=0, waiting=silent),
    ):
        with pytest.raises(StateFormatError, match=r"has vanished: .* does not exist, but"):
            attempt()
    with pytest.raises(StateFormatError) as raised:
        backend(tmp_path).reader().read()
    assert os.system(raised.value.detail.rpartition("what is left: ")[2]) == 0
    assert backend(tmp_path).reader().read() is None


def test_nothing_was_ever_written(tmp_path: Path) -> None:
    assert backend(tmp_path).reader().read() is None
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "state.json").symlink_to("far/real.json")
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.one", record("a.one"))
        writer.conclude(None, None)
    assert (tmp_path / "state.json").is_symlink()
    assert {path.name for path in (tmp_path / "far").iterdir()} == {
        f"real.json{suffix}" for suffix in ("", ".journal", ".lock", ".history")
    }
    assert backend(tmp_path).reader().location() == str(tmp_path / "far" / "real.json")


def test_a_link_that_is_swapped_in_later_is_not_followed(tmp_path: Path) -> None:
    kept = backend(tmp_path)
    (tmp_path / "other.json").write_text("precious")
    (tmp_path / "state.json.journal").symlink_to("other.json")
    (tmp_path / "state.json").symlink_to("other.json")
    with pytest.raises(StateError):
        kept.open(HOLDER, timeout=0, waiting=silent)
    assert (tmp_path / "other.json").read_text() == "precious"


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "state.json").symlink_to("state.json")
    with pytest.raises(StateError, match="leads nowhere"):
        backend(tmp_path)


def test_settings(tmp_path: Path) -> None:
    assert LocalBackend(tmp_path, {}, "1").reader().location() == str(
        tmp_path / "amlplan.state.json"
    )
    with pytest.raises(StateError, match="no setting bucket, region; it takes path only"):
        LocalBackend(tmp_path, {"region": "x", "bucket": "y"}, "1")
    for path in ("", 3, None, "a\0b"):
        with pytest.raises(StateError, match="does not name a file"):
            LocalBackend(tmp_path, {"path": path}, "1")
