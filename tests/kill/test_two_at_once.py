"""Two applies at once: one waits or is turned away, and nothing breaks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.kill.checks import violations
from bench.kill.sites import Site
from kill.course import thing

if TYPE_CHECKING:
    from pathlib import Path

    from bench.kill.forks import Fork
    from bench.kill.ranges import Range
    from kill.course import Course

APPLY = ("apply", "-auto-approve")


def test_the_second_is_turned_away_or_waits(course: Course) -> None:
    course.project.hcl(thing("base"))
    course.project.run(*APPLY)
    course.project.hcl(thing("base") + thing("a", seconds=2))
    with course.process(*APPLY) as first:
        course.wait_until_pending("bench.a")
        turned_away = course.project.run(*APPLY, code=14)
        assert f"process {first.pid}" in turned_away.err
        assert course.project.run("plan", code=None).code == 0
        waited = course.project.run(*APPLY, "-lock-timeout=20s")
        assert "Waiting for the state's lock, held by" in waited.all
        assert "No changes." in waited.out
        first.communicate()
        assert first.returncode == 0
    assert len(course.world.ever()) == 2
    course.expect_in_step()


def test_many_first_applies_make_everything_once(tmp_path: Path, place: Range) -> None:
    scenario = place.subject.scenarios["create"]

    def site(fork: Fork) -> Site:
        return Site(tmp_path / "it", fork, place.subject)

    with place.forks.one() as one, place.forks.one() as two, place.forks.one() as three:
        site(one).write(scenario.after)
        with ThreadPoolExecutor(3) as pool:
            ended = pool.map(lambda fork: site(fork).run(*scenario.command), (one, two, three))
            codes = [item.code for item in ended]
        assert 0 in codes
        assert set(codes) <= {0, 14, 16}
        assert not list(violations(site(one), scenario, None, {}))
