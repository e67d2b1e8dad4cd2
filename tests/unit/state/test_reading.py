from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import StateError
from amlplan_state import reading
from amlplan_state.journal import Finished, encode_entry, lines
from state_support import HOLDER, backend, record, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan_schemas.state import State
    from amlplan_state.paths import StatePaths


def before_each_journal(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen between the reading of the state file and that of the journal."""
    really = reading._read_journal

    def read_journal(paths: StatePaths) -> bytes:
        happens()
        return really(paths)

    monkeypatch.setattr(reading, "_read_journal", read_journal)


def test_a_snapshot_written_in_between_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.one", record("a.one"))
        concluded: list[State] = []

        def conclude_once() -> None:
            if not concluded:
                concluded.append(writer.conclude(None, None))
                writer.finish("a.two", record("a.two"))

        before_each_journal(monkeypatch, conclude_once)
        assert backend(tmp_path).reader().read() == writer.state
        assert set(writer.state.records) == {"a.one", "a.two"}


def test_a_snapshot_written_in_between_each_time_is_an_error_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:

        def conclude() -> None:
            writer.finish("a.one", record("a.one"))
            writer.conclude(None, None)

        before_each_journal(monkeypatch, conclude)
        with pytest.raises(StateError, match="Wait until whoever writes it is done"):
            backend(tmp_path).reader().read()


def test_a_first_state_made_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = reading._read_nothing
    state = None

    def read_nothing(paths: StatePaths) -> tuple[bytes | None, bytes] | None:
        nonlocal state
        if state is None:
            with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
                state = writer.state
        return really(paths)

    reader = backend(tmp_path).reader()
    first = reader.read()
    assert first is None
    with monkeypatch.context() as patched:
        # The writer made here reads too; it must find nothing as it is.
        made: list[int] = []

        def once(paths: StatePaths) -> tuple[bytes | None, bytes] | None:
            if made:
                return really(paths)
            made.append(1)
            return read_nothing(paths)

        patched.setattr(reading, "_read_nothing", once)
        assert reader.read() == state
    assert state is not None


def test_a_torn_tail_that_is_cut_off_while_it_is_read_is_not_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.one", record("a.one"))
    journal = tmp_path / "state.json.journal"
    good = journal.read_bytes()
    late = [encode_entry(Finished(address="a.two", record=None))]
    # What reading in two parts gives, the tail being cut off and written over between them.
    mixed = [good + b"1 2 2 torn\n" + lines(1, 3, late)]

    really = reading._read_journal
    monkeypatch.setattr(
        reading, "_read_journal", lambda paths: mixed.pop() if mixed else really(paths)
    )
    state = backend(tmp_path).reader().read()
    assert state is not None
    assert set(state.records) == {"a.one"}
    assert mixed == []
