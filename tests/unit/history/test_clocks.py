"""A clock that steps back changes no order within a file, and leaves no run without its end."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlplan.history import NEXT, Selection
from history_support import content, history, line, make_run, opened, write

if TYPE_CHECKING:
    from amlplan.history import RunDetail
    from amlplan_state.runs.store import EventHistory

RUN = "digits_1_00000001"
HOUR = 3600.0
COURSE = ["Preparing", "Running", "Finalizing", "Completed"]
Said = tuple[float, str, dict[str, Any]]


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("step_at", range(5))
def test_a_run_ends_though_the_clock_of_its_supervisor_steps_back(
    step_at: int, tmp_path: Path
) -> None:
    store = history(tmp_path)
    run = make_run(store)
    store.append_control(run.id, {"type": "status", "status": "Queued"})
    events: list[tuple[str, dict[str, Any]]] = [
        ("status", {"status": "Preparing"}),
        ("status", {"status": "Running"}),
        ("status", {"status": "Finalizing"}),
        ("outputs", {"files": {"outputs/model": "sha256:ab"}, "sizes": {"outputs/model": 1}}),
        ("status", {"status": "Completed", "exit_code": 0}),
    ]
    for number, (kind, more) in enumerate(events):
        moment = run.created + 1 + number - HOUR * (number >= step_at)
        data = line(number, kind, moment, **more)
        write(tmp_path / "workspace", run.id, "supervisor", data)
        store.sync()
    for make_again in (lambda: None, store.rebuild):
        make_again()
        found = store.run(run.id)
        assert [change.status for change in found.statuses][-4:] == COURSE
        assert found.summary.duration is not None
        assert found.summary.duration >= 0
        chosen = store.select(Selection("digits", select="last", path="outputs/model"))
        assert chosen is not None
        assert store.unfinished() == []


@pytest.mark.usefixtures("each_database")
def test_the_last_value_is_the_last_of_its_file_whatever_the_clock_said(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    for number, (value, moment) in enumerate([("first", 9 * HOUR), ("second", 8 * HOUR)]):
        for at, (kind, name) in enumerate(
            [("metric", "m"), ("tag", "t"), ("property", "p"), ("row", "r")]
        ):
            values = {"value": value, "values": {"is": value}}
            data = line(4 * number + at, kind, moment, name=name, **values)
            write(tmp_path / "workspace", run, "script", data)
            store.sync()
    found = store.run(run)
    assert (found.tags, found.properties) == ({"t": "second"}, {"p": "first"})
    assert found.metrics["m"].last.value == "second"
    assert [point.value for point in store.series(run, "m")] == ["first", "second"]
    assert [point.time for point in store.series(run, "m")] == [9 * HOUR, 8 * HOUR]
    assert [row.data["values"]["is"] for row in store.records(run)] == ["first", "second"]


SAID: st.SearchStrategy[Said] = st.tuples(
    st.integers(0, 20).map(float),
    st.just("status"),
    st.fixed_dictionaries({"status": st.sampled_from(sorted(NEXT))}),
) | st.tuples(
    st.integers(0, 20).map(float),
    st.sampled_from(["metric", "tag", "property", "parameter", "row"]),
    st.fixed_dictionaries(
        {
            "name": st.just("a"),
            "value": st.text("xyz", max_size=2),
            "values": st.fixed_dictionaries({"b": st.integers(0, 9)}),
        }
    ),
)
FILES = st.dictionaries(
    st.sampled_from(["control", "supervisor", "host-1-1", "host-2-1"]), st.lists(SAID, max_size=12)
)


def merged(files: dict[str, list[Said]]) -> list[Said]:
    """The events of several files in the order that is promised."""
    found = []
    for name, events in files.items():
        moments = accumulate((time for time, _, _ in events), max)
        found += [
            ((moment, f"{RUN}/{name}.jsonl", number), event)
            for number, (moment, event) in enumerate(zip(moments, events, strict=True))
        ]
    return [event for _, event in sorted(found, key=lambda item: item[0])]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=FILES, data=st.data())
def test_files_of_several_processes_are_merged_by_times_that_never_run_backwards(
    files: dict[str, list[Said]], data: st.DataObject
) -> None:
    merge(files, data)


@pytest.mark.usefixtures("in_postgresql")
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=FILES, data=st.data())
def test_files_of_several_processes_are_merged_in_postgresql_too(
    files: dict[str, list[Said]], data: st.DataObject
) -> None:
    merge(files, data)


def merge(files: dict[str, list[Said]], data: st.DataObject) -> None:
    """Take in files by pieces, in any order, and compare what is told with what they say."""
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        store = opened(workspace)
        write(workspace, RUN, "a-first", line(0, "run", -1.0, id=RUN, name="a", history="digits"))
        left = {
            name: [line(number, kind, time, **more) for number, (time, kind, more) in enumerate(of)]
            for name, of in files.items()
        }
        while any(left.values()):
            name = data.draw(st.sampled_from(sorted(name for name, of in left.items() if of)))
            count = data.draw(st.integers(1, len(left[name])))
            write(workspace, RUN, name, b"".join(left[name][:count]))
            del left[name][:count]
            store.sync(RUN)
        store.sync(RUN)
        check(store, merged(files))
        before = content(workspace)
        store.rebuild()
        assert content(workspace) == before


def check(store: EventHistory, events: list[Said]) -> None:
    """Compare all that depends on the order of events with what they say in this order."""
    found: RunDetail = store.run(RUN)

    def said(kind: str, field: str = "value") -> list[Any]:
        return [more[field] for _, of, more in events if of == kind]

    assert [(c.status, c.time) for c in found.statuses] == legal(events)
    assert found.ignored == len(said("status", "status")) - len(found.statuses)
    assert [point.value for point in store.series(RUN, "a")] == said("metric")
    assert [metric.last.value for metric in found.metrics.values()] == said("metric")[-1:]
    assert list(found.tags.values()) == said("tag")[-1:]
    assert list(found.properties.values()) == said("property")[:1]
    assert list(found.parameters.values()) == said("parameter")[:1]
    assert [row.data["values"] for row in store.records(RUN)] == said("row", "values")


def legal(events: list[Said]) -> list[tuple[str, float]]:
    """The statuses that count."""
    current = "NotStarted"
    found: list[tuple[str, float]] = []
    for time, kind, more in events:
        if kind == "status" and (
            more["status"] in NEXT[current] or (not found and more["status"] == "NotStarted")
        ):
            current = more["status"]
            found.append((current, time))
    return found
