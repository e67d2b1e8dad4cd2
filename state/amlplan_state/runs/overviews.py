"""Many runs at once, with what they are found and compared by: five queries, however many runs."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from amlplan.history import Metric, RunOverview
from amlplan_state.runs.queries import KNOWN, SUMMARY, defined_parameters, point_of, summary_of
from amlplan_state.runs.texts import REMOVED, key_of, stored, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from amlplan_state.runs.connection import Connection

Made = TypeVar("Made")
_METRICS = "latest.name, count, least, greatest, kind, value, text, step, time"


def overviews(
    connection: Connection,
    history: str | None,
    status: str | None,
    *,
    with_children: bool,
) -> list[RunOverview]:
    """The runs, the newest first."""
    wanted, values = _wanted(history, status, with_children=with_children)
    ask = _Question(connection, wanted, values)
    metrics = _by_run(ask.of("latest", _METRICS), _metric)
    tags = _by_run((row for row in ask.pairs("tags") if row[2] != REMOVED), _text)
    properties, logged = (_by_run(ask.pairs(each), _text) for each in ("properties", "parameters"))
    return [
        RunOverview(
            summary=summary_of(tuple(row)),
            metrics=metrics.get(key, {}),
            parameters={**defined_parameters(json.loads(definition)), **_whole(logged, key)},
            tags=tags.get(key, {}),
            properties=_whole(properties, key),
        )
        for key, definition, *row in ask.runs()
    ]


def _metric(row: list[Any]) -> Metric:
    _, count, least, greatest, *last = row
    return Metric(count, point_of(*last), least, greatest)


def _text(row: list[Any]) -> str | None:
    return None if row[1] is None else text_of(row[1])


def _whole(found: dict[int, dict[str, str | None]], key: int) -> dict[str, str]:
    return {name: value or "" for name, value in found.get(key, {}).items()}


def _wanted(
    history: str | None, status: str | None, *, with_children: bool
) -> tuple[str, list[object]]:
    conditions, values = [KNOWN], list[object]()
    if not with_children:
        conditions.append("runs.key = runs.root")
    if history is not None:
        conditions.append("runs.history = ?")
        values.append(key_of(stored(history)))
    if status is not None:
        conditions.append("runs.status = ?")
        values.append(stored(status))
    return " AND ".join(conditions), values


class _Question:
    """Asks several tables about the same runs."""

    def __init__(self, connection: Connection, wanted: str, values: Sequence[object]) -> None:
        self._connection = connection
        self._wanted = wanted
        self._values = tuple(values)

    def runs(self) -> Iterator[tuple[Any, ...]]:
        query = (
            f"SELECT runs.key, runs.definition, {SUMMARY} FROM runs WHERE {self._wanted} "  # noqa: S608 - the conditions are ours
            "ORDER BY runs.created DESC, runs.id DESC"
        )
        yield from self._connection.execute(query, self._values)

    def of(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table about these runs: the key of the run, then the columns."""
        query = (
            f"SELECT {table}.run, {columns} FROM {table} "  # noqa: S608 - all of them are ours
            f"JOIN runs ON runs.key = {table}.run WHERE {self._wanted} "
            f"ORDER BY {table}.run, {table}.name"
        )
        yield from self._connection.execute(query, self._values)

    def pairs(self, table: str) -> Iterator[tuple[Any, ...]]:
        """The names and values of a table about these runs."""
        return self.of(table, f"{table}.name, value")


def _by_run(
    rows: Iterable[tuple[Any, ...]], made: Callable[[list[Any]], Made]
) -> dict[int, dict[str, Made]]:
    """What is made of rows, by run and name."""
    found: defaultdict[int, dict[str, Made]] = defaultdict(dict)
    for run, *row in rows:
        found[run][text_of(row[0])] = made(row)
    return found
