"""The harness itself: any backend, a subject of somebody else, and what its command prints."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bench.kill import run
from bench.kill.bench_world import BenchSubject
from bench.kill.phases import AFTER_OUTCOME, PHASES, WITHIN_ENTRY, Order
from bench.kill.ranges import Kill, Range
from bench.kill.sites import Keeping
from bench.kill.subject import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.kill.subject import Scenario


class Small(BenchSubject):
    """Two of the scenarios, for those who have no time."""

    name = "small"
    scenarios: Mapping[str, Scenario] = {
        name: BenchSubject.scenarios[name] for name in ("create", "replace")
    }


class Untidy(Small):
    """One whose world is never in order."""

    def faults(self, base: Path) -> Iterator[Violation]:
        yield Violation("left-over", "a sock")


def test_the_command_tells_where_kills_fell_and_what_they_broke(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--kills", "4", "--seed", "5", "--phase", AFTER_OUTCOME, "--again", "1"]
    assert run.main(["--subject", f"{__name__}:Small", "--set", "path={site}.json", *options]) == 0
    told = capsys.readouterr().out
    assert f"{AFTER_OUTCOME:<32}        2        2   " in told
    for line in ("lost states", "orphans", "duplicates", "stuck locks", "repeated steps"):
        assert f"{line:<36}     0\n" in told
    assert "recoveries ended with exit code   0 (4 times)" in told
    assert f"subject {__name__}:Small, backend local, seed 5: 0 kills not recovered from" in told


def test_kills_with_a_backend_of_another_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "packages" / "other-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[amlplan.backends]\nother = amlplan_state.local:LocalBackend\n"
    )
    monkeypatch.syspath_prepend(package.parent)
    (tmp_path / "kills").mkdir()
    place = Range(tmp_path / "kills", Small(), Keeping("other", {"path": "{site}.json"}))
    try:
        assert WITHIN_ENTRY not in place.counts["create"]  # that is a place of our own backend
        kills = place.spread(PHASES, 9, random.Random(1))
        assert len({kill.order.phase for kill in kills}) == 9
        verdicts = place.verdicts(kills)
    finally:
        place.close()
    assert not [str(verdict) for verdict in verdicts if verdict.violations]


def test_a_kill_that_does_not_happen_is_told(place: Range) -> None:
    verdict = place.verdict(Kill("create", Order(AFTER_OUTCOME, 1000)))
    assert [item.kind for item in verdict.violations] == ["not killed"]


def test_what_is_broken_is_told_by_kill_and_by_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--kills", "1", "--phase", AFTER_OUTCOME]
    assert run.main(["--subject", f"{__name__}:Untidy", *options]) == 1
    told = capsys.readouterr().out
    assert f": process {AFTER_OUTCOME} #" in told
    assert "    left-over: a sock\n" in told
    assert f"{'leavings':<36}     1\n" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--subject", "azure"], "There is no subject azure. Choose from bench, local"),
        (["--backend", "cloud"], 'No installed package provides state "cloud"'),
        (["--set", "path"], "--set path: a setting is given as NAME=VALUE"),
    ],
)
def test_what_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert run.main(options) == 2
    assert told in capsys.readouterr().err
