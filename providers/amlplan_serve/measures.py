"""What /metrics tells: counted in plain integers, put into words when somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric

    from amlplan_serve.settings import RevisionStatus

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the latency histogram, in seconds."""


class Times:
    """A histogram of durations."""

    def __init__(self) -> None:
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def count(self, seconds: float) -> None:
        """Count one."""
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def metric(self, name: str, help_text: str) -> Metric:
        """All of them, as Prometheus has it."""
        seen, buckets = 0, []
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self._buckets):
            seen += count
            buckets.append((bound, float(seen)))
        return HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=self._seconds)


class Measures:
    """Counts requests; a collector of prometheus_client."""

    def __init__(self, active: Callable[[], RevisionStatus | None]) -> None:
        self._active = active
        self._by_status: dict[int, int] = {}
        self._answers = Times()
        self._runs = Times()
        self._restarts_before = 0
        self.in_flight = 0

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(self._by_status.values())

    def count(self, status: int, seconds: float, took: int | None = None) -> None:
        """Count an answer, and the microseconds in `run`, where it came to its end."""
        self._by_status[status] = self._by_status.get(status, 0) + 1
        self._answers.count(seconds)
        if took is not None:
            self._runs.count(took / 1e6)

    def revision_ended(self, restarts: int) -> None:
        """Keep the restarts of a revision that is no longer active: a counter never falls."""
        self._restarts_before += restarts

    def text(self) -> bytes:
        """All of it in the text format of Prometheus."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """The families; called by the registry."""
        requests = CounterMetricFamily(
            "amlplan_score_requests", "Answers on /score.", labels=["status"]
        )
        for status, count in sorted(self._by_status.items()):
            requests.add_metric([str(status)], count)
        yield requests
        yield self._answers.metric(
            "amlplan_score_duration_seconds", "Time from the head of a request to its answer."
        )
        yield self._runs.metric(
            "amlplan_run_duration_seconds", "Time that run() needed, where it came to its end."
        )
        yield GaugeMetricFamily(
            "amlplan_score_in_flight", "Requests on /score under way.", self.in_flight
        )
        yield from self._workers()

    def _workers(self) -> Iterator[Metric]:
        active = self._active()
        restarts = self._restarts_before + (active.restarts if active else 0)
        yield CounterMetricFamily(
            "amlplan_worker_restarts", "Workers that ended unasked and were replaced.", restarts
        )
        yield GaugeMetricFamily(
            "amlplan_workers_ready",
            "Workers that can take requests.",
            active.workers_ready if active else 0,
        )
        yield GaugeMetricFamily(
            "amlplan_workers_wanted",
            "Workers that there should be.",
            active.workers_wanted if active else 0,
        )
        if active is not None:
            about = {"revision": active.revision, "digest": active.digest}
            yield InfoMetricFamily("amlplan_revision", "The active revision.", about)
