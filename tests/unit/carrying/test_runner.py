"""The first process of a run's container, under every Python that a base image may have."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.inside.frames import frame
from interpreters import VERSIONS, interpreter
from runner_talk import PATIENCE, Heard, RunnerTalk

if TYPE_CHECKING:
    from pathlib import Path


def _python(version: str) -> str:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"there is no Python {version} here")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_a_runner_tells_all_that_a_script_says(version: str, tmp_path: Path) -> None:
    script = """
import os, sys
print("said", os.environ["TOKEN"], os.environ["PLAIN"], os.path.exists("../task.json"))
sys.stdout.flush()
sys.stderr.write("complained\\n")
with open("../events/one.jsonl", "w") as file:
    file.write('{"n": 0}\\n')
with open("../recorded.jsonl", "w") as file:
    file.write("a line\\n")
sys.exit(7)
"""
    given = {"variables": {"PLAIN": "plain"}, "secrets": {"TOKEN": "secret"}}
    with RunnerTalk(_python(version), tmp_path, script, **given) as talk:
        talk.connect()
        heard = talk.hear_all()
        assert heard.output.split() == [b"said", b"secret", b"plain", b"False"]
        assert heard.errors == b"complained\n"
        assert heard.files == {"events/one.jsonl": b'{"n": 0}\n', "recorded.jsonl": b"a line\n"}
        assert heard.ending is not None
        assert (heard.ending["code"], talk.process.returncode) == (7, 7)


def test_a_way_that_breaks_loses_nothing(tmp_path: Path) -> None:
    script = """
import sys
for number in range(20000):
    print("line %d" % number)
    if number % 50 == 0:
        sys.stdout.flush()
        with open("../events/one.jsonl", "a") as file:
            file.write("%d\\n" % number)
"""
    with RunnerTalk(sys.executable, tmp_path, script) as talk:
        heard = Heard()
        for _ in range(3):
            had = {name: len(data) for name, data in heard.files.items()}
            talk.connect(heard.offset, had)
            before = heard.offset
            while heard.offset == before:
                talk.hear(heard)
            talk.drop()
        talk.connect(heard.offset, {name: len(data) for name, data in heard.files.items()})
        talk.hear_all(heard)
        assert heard.output == b"".join(b"line %d\n" % number for number in range(20000))
        events = b"".join(b"%d\n" % number for number in range(0, 20000, 50))
        assert heard.files["events/one.jsonl"] == events


def test_output_that_is_had_is_forgotten(tmp_path: Path) -> None:
    script = "print('x' * 9000000)"
    with RunnerTalk(sys.executable, tmp_path, script) as talk:
        talk.connect()
        heard = Heard()
        while heard.ending is None:
            talk.hear(heard)
        assert len(list((tmp_path / "spool-1").iterdir())) > 1
        talk.say(frame(b"a", 0, str(heard.offset).encode()))
        talk.say(frame(b"k"))
        talk.process.wait(PATIENCE)
        assert len(list((tmp_path / "spool-1").iterdir())) == 1
        assert len(heard.output) == 9000001


def test_a_script_that_is_told_to_end_may_tidy_up_and_one_that_does_not_is_killed(
    tmp_path: Path,
) -> None:
    polite = """
import signal, sys, time
def tidy(*_):
    print("tidied", flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, tidy)
print("up", flush=True)
time.sleep(600)
"""
    deaf = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
    for name, script, code in (("polite", polite, 3), ("deaf", deaf, 137)):
        folder = tmp_path / name
        folder.mkdir()
        with RunnerTalk(sys.executable, folder, script, grace=1.0) as talk:
            talk.connect()
            heard = Heard()
            while b"up" not in heard.output:
                talk.hear(heard)
            talk.process.send_signal(signal.SIGTERM)
            talk.hear_all(heard)
            assert heard.ending is not None
            assert (heard.ending["code"], talk.process.returncode) == (code, code)
            assert (b"tidied" in heard.output) is (name == "polite")


def test_a_script_ends_at_its_time_though_nobody_is_there(tmp_path: Path) -> None:
    script = "import time; time.sleep(600)"
    with RunnerTalk(sys.executable, tmp_path, script, seconds=0.5, grace=0.5) as talk:
        talk.connect()
        heard = talk.hear_all()
        assert heard.ending is not None
        assert heard.ending["code"] == 128 + signal.SIGTERM


def test_a_runner_that_nobody_comes_to_leaves_how_it_ended(tmp_path: Path) -> None:
    script = "import time; print('up', flush=True); time.sleep(600)"
    with RunnerTalk(sys.executable, tmp_path, script) as talk:
        deadline = time.monotonic() + PATIENCE
        while not any(path.stat().st_size for path in tmp_path.glob("spool-1/*")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        talk.process.send_signal(signal.SIGTERM)
        assert talk.process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert '"code": 143' in (tmp_path / "ended-1.json").read_text()


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    with RunnerTalk(sys.executable, tmp_path, "", command=["no-such-command"]) as talk:
        talk.connect()
        heard = talk.hear_all()
        assert heard.ending is not None
        assert heard.ending["code"] is None
        assert "no-such-command" in heard.ending["reason"]


def test_a_script_reaches_the_service_through_the_tunnel(tmp_path: Path) -> None:
    script = """
import os, socket
host, port = os.environ["AMLPLAN_RUN_SERVICE"][len("http://"):].split(":")
assert port != "5555", port
connection = socket.create_connection((host, int(port)))
connection.sendall(b"question")
with open("../events/one.jsonl", "w") as file:
    file.write("before the next question\\n")
connection.sendall(b" and more")
print(connection.recv(100).decode())
"""
    given = {"variables": {"AMLPLAN_RUN_SERVICE": "http://127.0.0.1:5555"}}
    with RunnerTalk(sys.executable, tmp_path, script, service="127.0.0.1:5555", **given) as talk:
        talk.connect()
        heard = Heard()
        while heard.kinds.count(b"d") == 0 or "events/one.jsonl" not in heard.files:
            talk.hear(heard)
        talk.say(frame(b"d", 1, b"answer"))
        talk.hear_all(heard)
        assert heard.output == b"answer\n"
