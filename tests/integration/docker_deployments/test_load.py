"""Ten thousand requests while a replica is killed and a revision replaced: none fails."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.labels import REPLICA, ROLE

if TYPE_CHECKING:
    from amlplan_schemas.state import Record
    from docker_deployment_workbench import DockerDeployments

REQUESTS, CONNECTIONS = 10_000, 8
LIMIT = 240.0
"""Seconds in which what is waited for has to come, on a machine that does much else."""


class Load:
    """Asks over connections that are kept, until there were so many requests."""

    def __init__(self, record: Record, key: str) -> None:
        host, _, port = record.outputs.values["address"].rpartition(":")
        self._address = host, int(port)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._left = iter(range(REQUESTS))
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.threads = [threading.Thread(target=self._ask) for _ in range(CONNECTIONS)]

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + LIMIT
        while self.answers.total() < count:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _ask(self) -> None:
        with closing(http.client.HTTPConnection(*self._address, timeout=LIMIT)) as connection:
            while self._has_more():
                said = self._answer(connection)
                with self._lock:
                    self.answers[said] += 1

    def _has_more(self) -> bool:
        with self._lock:
            return next(self._left, None) is not None

    def _answer(self, connection: http.client.HTTPConnection) -> str:
        try:
            connection.request("POST", "/score", b"1", self._headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as failure:
            connection.close()
            return repr(failure)
        return (
            str(json.loads(body)["said"]) if answer.status == 200 else f"{answer.status} {body!r}"
        )


@pytest.mark.slow
def test_ten_thousand_requests_see_neither_a_kill_nor_a_new_revision(
    bench: DockerDeployments,
) -> None:
    record = bench.created(bench.desired(bench.image("one"), replicas=2))
    new = bench.desired(bench.image("two"), replicas=2)
    load = Load(record, bench.key(record))
    for thread in load.threads:
        thread.start()
    load.wait_for(1000)
    victim = bench.engine.containers({**bench.names(record).own, ROLE: REPLICA})[0]
    bench.engine.kill(victim.id)
    load.wait_for(2000)
    record = bench.updated(new, record)
    for thread in load.threads:
        thread.join()
    print(dict(load.answers))
    assert set(load.answers) == {"one", "two"}
    assert load.answers.total() == REQUESTS
    assert record.outputs.values["running"] == 2
