"""Loads a scoring server over kept connections: wrk where it is installed, else our own.

Own: `python http_load.py PORT CONNECTIONS SECONDS BODY AUTHORIZATION` prints JSON.
"""

from __future__ import annotations

import json
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Load:
    """What came of it; latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float
    failures: int


def load(port: int, connections: int, seconds: int, body: str, authorization: str) -> Load:
    """Post the body again and again; blocks for that long."""
    wrk = shutil.which("wrk")
    if wrk is not None:
        return _by_wrk(wrk, port, connections, seconds, body, authorization)
    arguments = map(str, (port, connections, seconds, body, authorization))
    command = [sys.executable, __file__, *arguments]
    return Load(**json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def _by_wrk(
    wrk: str, port: int, connections: int, seconds: int, body: str, authorization: str
) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"wrk.method = 'POST'\nwrk.body = '{body}'\n"
            "wrk.headers['Content-Type'] = 'application/json'\n"
            f"wrk.headers['Authorization'] = '{authorization}'\n"
        )
        script.flush()
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", script.name]
        command.append(f"http://127.0.0.1:{port}/score")
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    latency = {
        share: float(number) * UNITS[unit]
        for share, number, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)", said)
    }
    wrong = [
        int(count) for count in re.findall(r"(?:responses: |connect |read |write )(\d+)", said)
    ]
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", said)
    return Load(float(rate), latency["50"], latency["99"], sum(wrong))


def _by_ourselves(port: int, connections: int, seconds: int, body: str, authorization: str) -> Load:
    head = "POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
    request = (head + body).encode()
    selector = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    arrived: dict[socket.socket, bytes] = {}

    def begin() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        selector.register(connection, selectors.EVENT_READ)
        sent[connection] = time.perf_counter()
        connection.sendall(request)

    for _ in range(connections):
        begin()
    took, failures, end = [], 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in selector.select(1):
            connection: socket.socket = key.fileobj  # type: ignore[assignment]
            part = connection.recv(65536)
            answer = arrived.pop(connection, b"") + part
            if part and not is_whole(answer):
                arrived[connection] = answer
                continue
            now = time.perf_counter()
            if part:
                took.append(now - sent[connection])
            failures += not answer.startswith(b"HTTP/1.1 200") and bool(answer)
            if part and b"\r\nconnection: close\r\n" not in answer.lower():
                sent[connection] = now
                connection.sendall(request)
                continue
            selector.unregister(connection)  # a server need not keep connections
            sent.pop(connection)
            connection.close()
            begin()
    for connection in sent:
        connection.close()
    took.sort()
    middle, late = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    return Load(len(took) / seconds, middle, late, failures)


def is_whole(answer: bytes) -> bool:
    """Whether an answer has its head and as much body as that tells."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    return bool(end) and length is not None and len(body) >= int(length[1])


if __name__ == "__main__":
    port, connections, seconds, body, authorization = sys.argv[1:]
    done = _by_ourselves(int(port), int(connections), int(seconds), body, authorization)
    print(json.dumps(asdict(done)))
