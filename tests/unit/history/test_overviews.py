"""Many runs at once, with what they are found by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.history import Selection
from history_support import finish, history, make_run

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("each_database")


def test_an_overview_says_what_the_run_itself_says(tmp_path: Path) -> None:
    store = history(tmp_path)
    first, second = make_run(store).id, make_run(store, history="other").id
    for event in (
        {"type": "metric", "name": "loss", "value": 3, "step": 1},
        {"type": "metric", "name": "loss", "value": 1.5},
        {"type": "metric", "name": "\ud800/</script>", "value": "NaN", "special": True},
        {"type": "metric", "name": "big", "value": 10**30},
        {"type": "tag", "name": "kind", "value": "svm"},
        {"type": "tag", "name": "none", "value": None},
        {"type": "property", "name": "seed", "value": "7"},
        {"type": "parameter", "name": "alpha", "value": "0.1"},
        {"type": "metric", "run": f"{first}.1", "name": "loss", "value": 9},
        {"type": "run", "run": f"{first}.1", "id": f"{first}.1", "name": "fold", "parent": first},
    ):
        store.append_control(first, event)
    finish(store, second, "Failed")
    both = store.overviews()
    assert [run.summary.id for run in both] == [second, first]
    for found in both:
        whole = store.run(found.summary.id)
        assert found.summary == whole.summary
        assert repr(found.metrics) == repr(whole.metrics)  # NaN is not equal to itself
        assert found.parameters == whole.parameters
        assert (found.tags, found.properties) == (whole.tags, whole.properties)
    assert [run.summary.id for run in store.overviews("digits")] == [first]
    assert [run.summary.id for run in store.overviews(status="Failed")] == [second]
    with_children = store.overviews("digits", with_children=True)
    assert {run.summary.id for run in with_children} == {first, f"{first}.1"}


def test_a_tag_that_was_removed_is_gone_until_it_is_set_again(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id

    def shown() -> list[object]:
        selected = store.select(Selection(history="digits", select="last", where={"kind": "svm"}))
        (found,) = store.overviews()
        assert dict(found.tags) == dict(store.run(run).tags)
        return [found.tags.get("kind"), selected is not None]

    finish(store, run)
    store.append_control(run, {"type": "tag", "name": "kind", "value": "svm"})
    assert shown() == ["svm", True]
    store.append_control(run, {"type": "tag", "name": "kind", "removed": True})
    assert shown() == [None, False]
    assert "kind" not in store.run(run).tags
    store.rebuild()
    assert shown() == [None, False]
    store.append_control(run, {"type": "tag", "name": "kind", "value": "\ufdd0removed"})
    assert store.run(run).tags == {"kind": "\ufdd0removed"}
    store.append_control(run, {"type": "tag", "name": "kind", "value": "svm"})
    assert shown() == ["svm", True]
