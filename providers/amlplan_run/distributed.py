"""Starts the processes of a run that work together, and ends them together.

    python -m amlplan_run.distributed SPECIFICATION PROGRAM [ARGUMENT...]

The specification is JSON: `{"type": "torch", "processes": 2}`, or `{"type": "parameter_server",
"workers": 2, "servers": 1}`. The exit code is 0 once every worker ended with 0; else it is that of
the first process that failed, and the others are ended. Parameter servers end with the workers.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time

HOST = "127.0.0.1"
PAUSE = 0.02
"""Seconds between two looks at the processes."""
PATIENCE = 5.0
"""Seconds from asking processes to end until they are killed."""
CANNOT_START = 126


def free_ports(count: int) -> "list[int]":
    """Ports that nobody listens on now; held together, so that they differ."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind((HOST, 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def torch_variables(processes: int) -> "list[dict[str, str]]":
    """What each process of a torch run finds in its environment."""
    port = str(free_ports(1)[0])
    size = str(processes)
    return [
        {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": size,
            "LOCAL_WORLD_SIZE": size,
            "NODE_RANK": "0",
            "GROUP_RANK": "0",
            "MASTER_ADDR": HOST,
            "MASTER_PORT": port,
        }
        for rank in range(processes)
    ]


def server_variables(workers: int, servers: int) -> "list[dict[str, str]]":
    """What each worker, and then each parameter server, finds in its environment."""
    ports = ["%s:%d" % (HOST, port) for port in free_ports(workers + servers)]
    cluster = {"worker": ports[:workers]}
    if servers:
        cluster["ps"] = ports[workers:]
    tasks = [("worker", at) for at in range(workers)] + [("ps", at) for at in range(servers)]
    return [
        {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": at}})}
        for kind, at in tasks
    ]


def run(program: "list[str]", variables: "list[dict[str, str]]", workers: int) -> int:
    """Run a program once for each environment; the first `workers` of them decide the end."""
    processes = []  # type: list[subprocess.Popen[bytes]]
    try:
        for more in variables:
            process = subprocess.Popen(program, env=dict(os.environ, **more))
            processes.append(process)
        return _awaited(processes, workers)
    except OSError as failure:
        sys.stderr.write("amlplan: %s cannot be started: %s\n" % (program[0], failure.strerror))
        return CANNOT_START
    finally:
        _end(processes)


def _awaited(processes: "list[subprocess.Popen[bytes]]", workers: int) -> int:
    while True:
        codes = [process.poll() for process in processes]
        failed = [code for code in codes if code]
        if failed:
            return failed[0] if failed[0] > 0 else 128 - failed[0]
        if all(code == 0 for code in codes[:workers]):
            return 0
        time.sleep(PAUSE)


def _end(processes: "list[subprocess.Popen[bytes]]") -> None:
    """End what still runs: gently, then hard."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(process.poll() is None for process in processes):
        time.sleep(PAUSE)
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


def main(arguments: "list[str]") -> int:
    """Do what the command line says; gives the exit code."""
    specification = json.loads(arguments[0])
    if specification["type"] == "torch":
        count = specification["processes"]
        return run(arguments[1:], torch_variables(count), count)
    workers, servers = specification["workers"], specification["servers"]
    return run(arguments[1:], server_variables(workers, servers), workers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
