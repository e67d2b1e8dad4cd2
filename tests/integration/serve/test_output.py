"""What workers write and what they are given: logs without secrets, environments without ours."""

from __future__ import annotations

import base64
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import RevisionFailedError
from harness.service import Service, has_ended, wait_until

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'a "long" secret/of ours'
TALKATIVE = """
import base64, json, os, sys, urllib.parse
def init():
    secret = os.environ["SEC"]
    print(secret, json.dumps(secret), urllib.parse.quote(secret, safe=""))
    print(base64.b64encode(secret.encode()).decode())
    for part in (secret[:5], secret[5:]):
        sys.stdout.write(part)
    os.write(1, b"\\nbytes \\xff\\x00 stay\\n")
    if os.environ.get("FAIL"):
        raise ValueError("not with " + secret)
def run(data): return 1
"""


def has_secret(data: bytes) -> bool:
    encoded = base64.b64encode(SECRET.encode())
    forms = (SECRET.encode(), b"secret/of ours", b"secret%2Fof", encoded)
    return any(form in data for form in forms)


def log_of(service: Service, what: bytes) -> bytes:
    path = service.folder / "r1.log"
    wait_until(lambda: what in path.read_bytes(), "the line in the log")
    return path.read_bytes()


def test_secrets_are_masked_in_the_log_that_only_its_owner_may_read(service: Service) -> None:
    (service.folder / "r1.log").touch(0o644)
    service.start().client.load(service.spec(TALKATIVE), {"SEC": SECRET})
    log = log_of(service, b"bytes \xff\x00 stay\n")
    assert not has_secret(log)
    assert log.count(b"(sensitive value)") == 5
    for name in ("r1.log", "server.log"):
        assert (service.folder / name).stat().st_mode & 0o777 == 0o600


def test_a_failure_tells_its_traceback_without_the_secret(service: Service) -> None:
    service.start()
    spec = service.spec(TALKATIVE, variables={"FAIL": "1"})
    with pytest.raises(RevisionFailedError, match=r"ValueError: not with \(sens") as failure:
        service.client.load(spec, {"SEC": SECRET})
    assert "Traceback" in failure.value.log
    assert not has_secret(failure.value.log.encode() + str(failure.value).encode())


def test_the_last_words_of_a_worker_are_kept(service: Service) -> None:
    script = """
        import os
        def init(): pass
        def run(data):
            os.write(2, b"x" * 50_000 + b"last words")
            os.kill(os.getpid(), 9)
    """
    service.start().serve(script)
    assert service.ask(body={}).status == 502
    assert log_of(service, b"last words").count(b"x") >= 50_000


def test_a_process_that_keeps_the_pipe_and_writes_keeps_nothing_from_ending(
    service: Service, tmp_path: Path
) -> None:
    script = f"""
        import os, signal, time
        def init():
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGPIPE, signal.SIG_IGN)
                with open({str(tmp_path / "pid")!r}, "w") as file: file.write(str(os.getpid()))
                while True:
                    try: os.write(1, b"y" * 4096)
                    except OSError: time.sleep(600)
        def run(data): return os.getpid()
    """
    service.start().serve(script)
    worker = service.ask(body={}).json
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    try:
        service.client.load(service.spec(revision="r2"), {})
        service.client.activate("r2")
        wait_until(lambda: service.client.status().draining == ())
        assert has_ended(worker)
        assert service.ask(body={}).json["revision"] == "r2"
    finally:
        with suppress(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_script_that_prints_without_an_end_holds_up_no_request(service: Service) -> None:
    script = """
        import os, threading
        def print_on():
            while True: os.write(1, b"z" * 4096 + b"\\n")
        def init(): threading.Thread(target=print_on, daemon=True).start()
        def run(data): return 1
    """
    service.start().serve(script)
    started = time.monotonic()
    assert {service.ask(body={}).status for _ in range(20)} == {200}
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("import os\ndef init(): os._exit(7)\ndef run(data): pass", "exit code 7"),
        ("import os\ndef init(): os.kill(os.getpid(), 9)\ndef run(data): pass", "SIGKILL"),
    ],
)
def test_a_worker_that_ends_in_init_tells_how(service: Service, script: str, how: str) -> None:
    service.start()
    with pytest.raises(RevisionFailedError, match=how):
        service.client.load(service.spec(script), {})


def test_workers_get_what_is_declared_and_not_what_the_starter_had(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOK", "leaky")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("LC_TIME", "C")
    script = """
        import os
        def init(): pass
        def run(data): return dict(os.environ)
    """
    service.start().serve(script, variables={"OURS": "declared"})
    given = service.ask(body={}).json
    assert "TOK" not in given
    assert (given["OURS"], given["SECRET"]) == ("declared", "hidden")
    assert given["PATH"] == os.environ["PATH"]
    assert (given["https_proxy"], given["LC_TIME"]) == ("http://127.0.0.1:9", "C")
