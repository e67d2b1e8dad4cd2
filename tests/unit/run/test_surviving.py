"""Recording goes on whatever happens: kills, forks, closed descriptors, full disks."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from run_workbench import events_in
from small_disk import small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from run_workbench import Script

ACKNOWLEDGE = """
import os, amlplan_run
number = 0
while True:
    amlplan_run.log("point", number)
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def test_killed_at_any_moment_no_recorded_point_is_lost(script: Script) -> None:
    chance = random.Random(3)
    acknowledged = 0
    for _ in range(4):
        process = script.start(ACKNOWLEDGE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        rest = process.stdout.read().split(b"\n")
        process.stdout.close()
        process.wait()
        reported = int(rest[-2]) if len(rest) > 1 else 0
        (path,) = [p for p in script.files() if f"-{process.pid}-" in p.name]
        points = [event["value"] for event in events_in(path)]
        assert points == list(range(len(points)))
        assert len(points) > reported
        acknowledged += reported
    assert acknowledged > 100


FORKS = """
import os, amlplan_run
amlplan_run.log("before", os.getpid())
children = []
for number in range(4):
    child = os.fork()
    if not child:
        for point in range(200):
            amlplan_run.log("forked", point)
        if os.fork() == 0:
            amlplan_run.log("deeper", 1)
            os._exit(0)
        os.wait()
        os._exit(0)
    children.append(child)
amlplan_run.log("after", 1)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_a_forked_process_writes_a_file_of_its_own(script: Script) -> None:
    script.run(FORKS)
    assert len(script.files()) == 9
    assert len(script.events()) == 2 + 4 * 200 + 4
    for path in script.files():
        events = events_in(path)
        assert [event["n"] for event in events] == list(range(len(events)))


FORK_WHILE_LOGGING = """
import os, threading, amlplan_run
stop = threading.Event()
def work():
    while not stop.is_set():
        amlplan_run.log("busy", 1)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for _ in range(30):
    child = os.fork()
    if not child:
        amlplan_run.log("forked", 1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads: thread.join()
"""


def test_a_fork_while_other_threads_record_never_hangs(script: Script) -> None:
    script.run(f"import warnings; warnings.simplefilter('ignore')\n{FORK_WHILE_LOGGING}")
    assert script.values().count(("forked", 1)) == 30


def test_threads_lose_and_tear_nothing(script: Script) -> None:
    script.run("""
import threading, amlplan_run
def work(number):
    for point in range(500):
        amlplan_run.log("t%d" % number, point)
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""")
    (path,) = script.files()
    events = events_in(path)
    assert [event["n"] for event in events] == list(range(4000))
    for number in range(8):
        points = [event["value"] for event in events if event["name"] == f"t{number}"]
        assert points == list(range(500))


def test_a_signal_handler_may_record(script: Script) -> None:
    script.run("""
import os, signal, amlplan_run
signal.signal(signal.SIGALRM, lambda *_: amlplan_run.log("signal", 1))
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for point in range(3000):
    amlplan_run.log("point", point)
signal.setitimer(signal.ITIMER_REAL, 0)
""")
    assert [v for name, v in script.values() if name == "point"] == list(range(3000))
    assert ("signal", 1) in script.values()


def test_closed_descriptors_are_opened_again_and_another_file_is_not_written_to(
    script: Script,
) -> None:
    script.run("""
import os, amlplan_run
amlplan_run.log("point", 0)
os.closerange(3, 100)
files = [open("mine%d.txt" % number, "w") for number in range(20)]
amlplan_run.log("point", 1)
os.closerange(0, 100)
amlplan_run.log("point", 2)
""")
    assert script.values() == [("point", 0), ("point", 1), ("point", 2)]
    assert [path.read_text() for path in script.work.glob("mine*.txt")] == [""] * 20


def test_a_full_disk_stops_recording_and_not_the_script(script: Script) -> None:
    with small_disk(script.events_folder, "64k"):
        done = script.run("""
import os, amlplan_run
folder = os.environ["AMLPLAN_RUN_EVENTS"]
for point in range(3000):
    amlplan_run.log("point", point)
(path,) = [os.path.join(folder, name) for name in os.listdir(folder)]
os.truncate(path, 20000)
amlplan_run.log("last", 1)
""")
        assert "No space left on device" in done.stderr
        assert script.values()[-1] == ("last", 1)
        (lost,) = script.events("error")
        assert "events before this one could not be written" in lost["text"]


def test_a_folder_of_events_that_is_gone_stops_recording_and_not_the_script(
    script: Script, tmp_path: Path
) -> None:
    done = script.run(
        "import amlplan_run; amlplan_run.log('a', 1); amlplan_run.child_run().complete()",
        AMLPLAN_RUN_EVENTS=str(tmp_path / "gone"),
    )
    assert "No such file or directory" in done.stderr
    assert script.files() == []


@pytest.mark.slow
def test_a_million_points(script: Script) -> None:
    script.run("import amlplan_run\nfor n in range(1_000_000): amlplan_run.log('point', n)")
    assert [event["value"] for event in script.events()] == list(range(1_000_000))


def test_an_interrupted_script_has_recorded_what_it_did(script: Script) -> None:
    process = script.start(
        "import amlplan_run, time\n"
        "with amlplan_run.child_run('slow'):\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(60)\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGINT)
    process.wait()
    process.stdout.close()
    (ended,) = [event for event in script.events("status") if event["status"] != "Running"]
    assert (ended["status"], ended["reason"]) == ("Canceled", "KeyboardInterrupt")
