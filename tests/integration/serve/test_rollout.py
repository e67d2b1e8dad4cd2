"""Revisions and servers that are exchanged while clients ask: no request fails."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import PortTakenError, RefusedError, RevisionFailedError
from amlplan_serve.settings import ServerConfig
from amlplan_serve.starting import AlreadyRunningError, ServerStartError, start_server
from harness.service import ECHO, Load, Service, has_ended, wait_until

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

BROKEN = """
def init():
    print("looking for the model")
    raise FileNotFoundError("model.pkl")
def run(data): return 1
"""


def test_a_rollout_under_load_fails_no_request(service: Service) -> None:
    service.start().serve(workers=2)
    old = service.ask(body={}).json["pid"]
    with Load(service) as load:
        for number in range(2, 5):
            revision = f"r{number}"
            service.client.load(service.spec(revision=revision, workers=2), {})
            status, _, body = service.client.score(revision, b'{"echo": "smoke"}')
            assert (status, revision.encode() in body) == (200, True)
            assert service.ask(body={}).json["revision"] == f"r{number - 1}"
            service.client.activate(revision)
            assert service.ask(body={}).json["revision"] == revision
            load.wait_for_more(50)
    assert load.failures == []
    assert load.revisions == {"r1", "r2", "r3", "r4"}
    wait_until(lambda: not service.client.status().draining, "the end of the old ones")
    assert has_ended(old)


def test_what_runs_in_the_old_revision_is_finished_there(service: Service) -> None:
    service.start().serve()
    connection = service.connect()
    headers = {"Authorization": "Bearer first-key"}
    connection.request("POST", "/score", b'{"sleep": 2}', headers)
    wait_until(lambda: service.active().in_flight == 1)
    service.client.load(service.spec(revision="r2"), {})
    service.client.activate("r2")
    assert service.client.status().draining == ("r1",)
    assert service.ask(body={}).json["revision"] == "r2"
    assert b'"r1"' in connection.getresponse().read()
    connection.close()
    wait_until(lambda: service.client.status().draining == ())


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (BROKEN, "FileNotFoundError: model.pkl"),
        ("import os\nos.kill(os.getpid(), 9)", "ended before it was ready"),
        ("import os\nos._exit(0)", "ended before it was ready"),
        ("import time\ntime.sleep(600)", "not done within 1 s"),
    ],
)
def test_a_candidate_that_fails_leaves_the_active_one_alone(
    service: Service, script: str, told: str
) -> None:
    service.start().serve()
    before = service.client.status()
    with Load(service, 2) as load:
        timeout = 1.0 if "sleep" in script else 30.0
        candidate = service.spec(script, "r2", startup_timeout=timeout, workers=2)
        with pytest.raises(RevisionFailedError, match=told) as failure:
            service.client.load(candidate, {})
        load.wait_for_more(20)
    assert load.failures == []
    assert load.revisions == {"r1"}
    after = service.client.status()
    assert (after.active, after.candidate) == (before.active, None)
    if script == BROKEN:
        assert "looking for the model" in failure.value.log
        assert "Traceback" in failure.value.log


def test_an_interpreter_that_is_missing_is_told(service: Service) -> None:
    service.start()
    with pytest.raises(RevisionFailedError) as failure:
        service.client.load(service.spec(interpreter="/nowhere/python"), {})
    assert "/nowhere/python cannot be started" in failure.value.log


def test_a_log_that_cannot_be_written_is_told(service: Service) -> None:
    service.start()
    with pytest.raises(RevisionFailedError, match="nowhere"):
        service.client.load(service.spec(log="/nowhere/r1.log"), {})


def test_a_candidate_can_be_discarded_or_replaced(service: Service) -> None:
    service.start().serve()
    service.client.load(service.spec(revision="r2"), {})
    service.client.load(service.spec(revision="r3"), {})
    with pytest.raises(RefusedError, match="r2 is not loaded"):
        service.client.activate("r2")
    _, _, body = service.client.score("r3", b"{}")
    service.client.discard("r3")
    service.client.discard("r3")
    assert service.client.status().candidate is None
    assert has_ended(int(body.split(b'"pid": ')[1].split(b",")[0]))
    with pytest.raises(RefusedError):
        service.client.score("r3", b"{}")


def test_workers_become_more_and_fewer_under_load(service: Service) -> None:
    service.start().serve()
    with Load(service) as load:
        for workers in (3, 1, 2):
            service.client.scale(workers)
            active = service.active()
            assert (active.workers_wanted, active.workers_ready) == (workers, workers)
            load.wait_for_more(20)
    assert load.failures == []


def test_a_scale_that_fails_leaves_the_workers_that_there_are(service: Service) -> None:
    service.start().serve()
    (service.folder / "source-r1/score.py").write_text(BROKEN)
    with Load(service, 2) as load:
        with pytest.raises(RevisionFailedError, match=r"model\.pkl"):
            service.client.scale(3)
        load.wait_for_more(20)
    assert load.failures == []
    assert (service.active().workers_wanted, service.active().workers_ready) == (1, 1)
    with pytest.raises(RefusedError):
        service.client.scale(0)


def test_a_worker_that_comes_back_has_its_secrets(service: Service) -> None:
    script = """
        import os
        def init(): pass
        def run(data): return [os.getpid(), os.environ["SECRET"]]
    """
    service.start().serve(script)
    os.kill(service.ask(body={}).json[0], signal.SIGKILL)
    wait_until(lambda: service.active().restarts == 1)
    assert service.ask(body={}).json[1] == "hidden"


def test_a_new_server_takes_over_under_load(service: Service) -> None:
    service.start().serve(workers=2)
    before = service.status
    worker = service.ask(body={}).json["pid"]
    with Load(service) as load:
        service.start(take_over=True)
        load.wait_for_more(50)
    assert load.failures == []
    after = service.client.status()
    assert after.pid != before.pid
    assert after.port == before.port
    assert after.active is not None
    assert (after.active.revision, after.active.workers_ready) == ("r1", 2)
    wait_until(lambda: has_ended(before.pid), "the end of the old server")
    assert has_ended(worker)
    assert service.client.status().pid == after.pid


def test_a_take_over_that_fails_leaves_the_old_server_serving(service: Service) -> None:
    service.start().serve()
    pid = service.status.pid
    source = service.folder / "source-r1/score.py"
    source.write_text(BROKEN)
    with Load(service, 2) as load:
        with pytest.raises(RevisionFailedError, match=r"model\.pkl"):
            service.start(take_over=True)
        load.wait_for_more(20)
    assert load.failures == []
    assert service.client.status().pid == pid


def test_a_take_over_whose_caller_gave_up_leaves_the_old_server_serving(service: Service) -> None:
    service.start().serve()
    pid = service.status.pid
    source = service.folder / "source-r1/score.py"
    begun = service.folder / "begun"
    slow = f"import pathlib\npathlib.Path({str(begun)!r}).write_text('')\n"
    source.write_text(f"{slow}import time\ntime.sleep(3)\n{ECHO}")
    config = service.config()
    with Load(service, 2) as load:
        with pytest.raises(ServerStartError, match="in time"):
            start_server(config, timeout=0.5, take_over=True)
        told = "does not wait for it any more"
        wait_until(lambda: told in (service.folder / "server.log").read_text(), "its end")
        load.wait_for_more(20)
    assert begun.exists()
    assert load.failures == []
    assert service.client.status().pid == pid
    source.write_text(ECHO)
    service.serve(revision="r2")
    assert service.ask(body={}).json["revision"] == "r2"


def test_a_revision_can_be_started_again(service: Service) -> None:
    service.start().serve()
    before = service.ask(body={}).json["pid"]
    with Load(service) as load:
        service.serve()
        load.wait_for_more(20)
    assert load.failures == []
    assert service.ask(body={}).json["pid"] != before
    wait_until(lambda: has_ended(before), "the end of the old worker")


def test_a_paused_revision_is_gone_and_comes_back(service: Service) -> None:
    service.start().serve()
    service.client.scale(2)
    before = service.ask(body={}).json["pid"]
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(service.ask, body={"sleep": 1})
        wait_until(lambda: service.active().in_flight == 1)
        service.client.pause()
        assert slow.result().status == 200
    assert has_ended(before)
    assert service.client.status().active is None
    assert service.ask(body={}).status == 503
    assert service.ask("GET", "/v2/health/ready").status == 503
    service.client.pause()
    service.client.resume()
    service.client.resume()
    assert service.active().workers_ready == 2
    assert service.ask(body={}).json["revision"] == "r1"


def test_what_is_paused_may_be_replaced(service: Service) -> None:
    service.start()
    with pytest.raises(RefusedError, match="paused"):
        service.client.resume()
    service.serve()
    service.client.pause()
    with pytest.raises(RevisionFailedError):
        service.client.load(service.spec(BROKEN, "r2"), {})
    assert service.client.status().active is None
    service.serve(revision="r3")
    service.client.resume()
    assert service.ask(body={}).json["revision"] == "r3"


def test_a_server_moves_to_another_port_and_finishes_what_it_has(service: Service) -> None:
    service.start().serve(workers=2)
    old = service.status.port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(PortTakenError, match="Address already in use"):
            service.client.listen(taken.getsockname()[1])
        new = taken.getsockname()[1]
    kept = service.connect()
    headers = {"Authorization": f"Bearer {service.key}"}
    kept.request("POST", "/score", b"{}", headers)
    assert kept.getresponse().read()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(service.ask, body={"sleep": 1})
        wait_until(lambda: service.active().in_flight == 1)
        service.client.listen(new)
        kept.request("POST", "/score", b"{}", headers)
        answer = kept.getresponse()
        assert (answer.status, answer.getheader("connection")) == (200, "close")
        assert slow.result().status == 200
    with pytest.raises(ConnectionRefusedError):
        service.ask(body={})
    service.client.listen(new)
    service.status = service.client.status()
    assert service.status.port == new != old
    there = service.ask(body={})
    assert (there.status, there.headers.get("connection")) == (200, None)
    service.start(take_over=True)
    assert service.status.port == new
    assert service.ask(body={}).status == 200


def test_a_port_that_is_taken_is_told(service: Service) -> None:
    taken = pytest.raises(PortTakenError, match="Address already in use")
    with socket.create_server(("127.0.0.1", 0)) as other, taken:
        service.start(port=other.getsockname()[1])


def test_one_server_has_a_control_socket(service: Service) -> None:
    service.start()
    with pytest.raises(AlreadyRunningError):
        service.start()
    assert service.client.status().pid == service.status.pid


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text('{"primary": "k"}')
    keys.chmod(0o644)
    config = ServerConfig(control=str(tmp_path / "c"), log=str(tmp_path / "log"), keys=str(keys))
    with pytest.raises(ServerStartError, match="0600"):
        start_server(config)


def test_a_control_socket_may_have_a_long_path_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    service = Service(folder).start()
    service.serve(ECHO)
    assert (folder / "control.sock").stat().st_mode & 0o777 == 0o600
    assert service.ask(body={}).status == 200
    service.stop()


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x13\0\0\0\0" + b'{"command": "none"}'],
)
def test_garbage_on_the_control_socket_hurts_nobody(service: Service, garbage: bytes) -> None:
    service.start()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(service.folder / "control.sock"))
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            connection.recv(1000)
    assert service.client.status().pid == service.status.pid


SLOW = """
import pathlib, time
def init():
    pathlib.Path({begun!r}).touch()
    time.sleep(60)
def run(data): return 1
"""


def begin_to_load(service: Service, pool: ThreadPoolExecutor) -> Future[None]:
    """Have a revision start that never gets ready; gives the call that waits for it."""
    begun = service.folder / "begun"
    spec = service.spec(SLOW.format(begun=str(begun)), "slow", startup_timeout=60.0)
    loading = pool.submit(service.client.load, spec, {})
    wait_until(begun.exists, "its init")
    return loading


def test_another_load_ends_one_that_still_starts(service: Service) -> None:
    service.start().serve()
    with ThreadPoolExecutor(1) as pool:
        loading = begin_to_load(service, pool)
        candidate = service.client.status().candidate
        assert candidate is not None
        assert candidate.revision == "slow"
        service.serve(revision="r2")
        with pytest.raises(RevisionFailedError):
            loading.result()
    assert service.ask(body={}).json["revision"] == "r2"


def test_what_still_starts_can_be_discarded(service: Service) -> None:
    service.start().serve()
    with ThreadPoolExecutor(1) as pool:
        loading = begin_to_load(service, pool)
        service.client.discard("other")
        assert not loading.done()
        service.client.discard("slow")
        with pytest.raises(RevisionFailedError):
            loading.result()
    assert service.client.status().candidate is None
    assert service.ask(body={}).json["revision"] == "r1"


def test_a_server_without_its_folder_ends(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    service = Service(folder)
    try:
        pid = service.start().serve().status.pid
        shutil.rmtree(folder)
        wait_until(lambda: has_ended(pid), "its end")
    finally:
        service.stop()
