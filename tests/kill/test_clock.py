"""Whatever the wall clock does, nothing is lost and nothing takes less than no time."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bench.kill.arming import CLOCK_STEPS
from bench.kill.checks import violations
from bench.kill.phases import PHASES
from bench.kill.sites import Site
from bench.kill.subjects import subject_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.kill.ranges import Range


@pytest.mark.parametrize("name", ["bench", "local"])
def test_applies_under_a_stepping_clock(tmp_path: Path, place: Range, name: str) -> None:
    subject = subject_of(name)
    scenario = subject.scenarios["create"]
    with place.forks.one() as fork:
        site = Site(tmp_path / "it", fork, subject, fault=CLOCK_STEPS)
        site.write(scenario.after)
        ended = site.run(*scenario.command)
        assert ended.code == 0, ended.text
        seconds = re.findall(r" after (\S+)s", ended.text)
        assert len(seconds) == len(scenario.after.wanted)
        assert all(0 <= int(took) < 60 for took in seconds), seconds
        assert not list(violations(site, scenario, None, {}))
        state = site.state()
        assert state is not None
        assert state.applied is not None
        told = datetime.fromisoformat(state.applied.at)
        assert abs(told - datetime.now(UTC)) > timedelta(days=1)  # so the clock did step


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bench", "local"])
def test_kills_under_a_stepping_clock_are_recovered_from(
    request: pytest.FixtureRequest, name: str
) -> None:
    where: Range = request.getfixturevalue("place" if name == "bench" else "local_place")
    kills = where.spread(PHASES, len(PHASES), random.Random("clock"))
    verdicts = where.verdicts([replace(kill, fault=CLOCK_STEPS) for kill in kills])
    assert not [str(verdict) for verdict in verdicts if verdict.violations]
