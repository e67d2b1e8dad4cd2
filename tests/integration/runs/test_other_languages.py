"""Scripts that are no Python: what they record by lines, also when they or others are killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from jobs_support import Runs

SHELL = r"""
set -eu
for step in 1 2 3; do
  echo "{\"metric\": \"loss\", \"value\": 0.$step, \"step\": $step}" >> "$AMLPLAN_RUN_LOG"
done
echo '::amlplan::{"tag": "language", "value": "sh"}'
"""
AWK = r"""
BEGIN {
  for (step = 1; step <= 3; step++)
    printf "{\"metric\": \"loss\", \"value\": 0.%d, \"step\": %d}\n", step, step \
      >> ENVIRON["AMLPLAN_RUN_LOG"]
  print "::amlplan::{\"tag\": \"language\", \"value\": \"awk\"}"
}
"""
PERL = r"""
open(my $log, '>>', $ENV{AMLPLAN_RUN_LOG}) or die;
print $log "{\"metric\": \"loss\", \"value\": 0.$_, \"step\": $_}\n" for 1 .. 3;
print "::amlplan::{\"tag\": \"language\", \"value\": \"perl\"}\n";
"""
NODE = r"""
const fs = require('fs')
for (const step of [1, 2, 3])
  fs.appendFileSync(process.env.AMLPLAN_RUN_LOG,
    JSON.stringify({metric: 'loss', value: step / 10, step}) + '\n')
console.log('::amlplan::' + JSON.stringify({tag: 'language', value: 'node'}))
"""
LOGGED, PRINTED = "script-log", "script-output"
POINTS = r"""
i=0
while [ $i -lt 200 ]; do
  echo "{\"metric\": \"p\", \"value\": $i}" >> "$AMLPLAN_RUN_LOG"
  i=$((i + 1))
done
touch outputs/ready
"""


def steps(runs: Runs) -> list[tuple[int, float]]:
    return [(event["step"], event["value"]) for event in runs.events(LOGGED, "metric")]


def execute(runs: Runs, *command: str, **values: Any) -> None:
    runs.prepare()
    runs.jobs.submit(runs.job(*command, **values))
    runs.await_end()


@pytest.mark.parametrize(
    ("program", "arguments"),
    [("sh", ("-c", SHELL)), ("awk", (AWK,)), ("perl", ("-e", PERL)), ("node", ("-e", NODE))],
    ids=["sh", "awk", "perl", "node"],
)
def test_a_script_of_any_language_records(
    runs: Runs, program: str, arguments: tuple[str, ...]
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    execute(runs, program, *arguments)
    assert runs.last()["status"] == "Completed", runs.log()
    assert steps(runs) == [(1, 0.1), (2, 0.2), (3, 0.3)]
    (tag,) = runs.events(PRINTED, "tag")
    assert (tag["name"], tag["value"]) == ("language", program)
    assert b"::amlplan::" in runs.log()


def test_what_is_recorded_is_there_while_the_script_runs(runs: Runs) -> None:
    runs.prepare()
    runs.jobs.submit(runs.job("sh", "-c", POINTS + 'echo \'::amlplan::{"tag": "a"}\'; sleep 600'))
    assert wait_until(lambda: len(runs.events(LOGGED, "metric")) == 200, 30)
    assert wait_until(lambda: len(runs.events(PRINTED, "error")) == 1, 30)
    runs.cancel()
    runs.await_end()


def test_garbage_is_counted_and_told_in_the_run(runs: Runs) -> None:
    code = "head -c 3000 /dev/urandom >> $AMLPLAN_RUN_LOG; echo >> $AMLPLAN_RUN_LOG\n" + SHELL
    execute(runs, "sh", "-c", code + "echo '::amlplan::nonsense'; head -c 9999 /dev/urandom")
    assert runs.last()["status"] == "Completed"
    assert [value for _, value in steps(runs)] == [0.1, 0.2, 0.3]
    assert runs.events(LOGGED, "error")
    (error,) = runs.events(PRINTED, "error")
    assert error["text"] == (
        "line 2 of the marked output was not recorded: it is no JSON: 'nonsense'"
    )


def test_an_artifact_that_a_line_names_is_kept(runs: Runs) -> None:
    code = 'echo data > model.bin; echo \'{"artifact": "model.bin"}\' >> $AMLPLAN_RUN_LOG'
    execute(runs, "sh", "-c", code)
    assert runs.stored("model.bin") == b"data\n"


def test_nothing_is_lost_when_the_script_is_killed(runs: Runs) -> None:
    execute(
        runs, "sh", "-c", POINTS + 'printf \'{"metric": "p", "va\' >> $AMLPLAN_RUN_LOG; kill -9 $$'
    )
    assert runs.last()["exit_code"] == 137
    assert [event["value"] for event in runs.events(LOGGED, "metric")] == list(range(200))
    assert len(runs.events(LOGGED, "error")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_nothing_is_lost_when_the_supervisor_is_killed(runs: Runs, when: str) -> None:
    """Who finishes the run takes what the supervisor did not come to, and nothing twice."""
    runs.prepare()
    runs.jobs.submit(runs.job("sh", "-c", POINTS + "sleep 600"))
    supervisor = runs.supervisor()
    if when == "before":  # it reads nothing while the script goes on
        assert wait_until(lambda: runs.kept()["script"] is not None, 30)
        os.kill(supervisor, signal.SIGSTOP)
    runs.await_ready()
    if when == "after":
        assert wait_until(lambda: len(runs.events(LOGGED, "metric")) == 200, 30)
    runs.kill()
    assert not is_running(supervisor)
    runs.finish()
    runs.finish()
    assert runs.last("control")["status"] == "Failed"
    assert [event["value"] for event in runs.events(LOGGED, "metric")] == list(range(200))


def test_marked_lines_that_were_printed_outlive_the_supervisor(runs: Runs) -> None:
    code = (
        'import time\nfor n in range(300): print(\'::amlplan::{"metric": "p", "value": %d}\' % n)\n'
    )
    runs.start(code + "open('outputs/ready', 'w')\ntime.sleep(600)")
    runs.await_ready()
    assert wait_until(lambda: runs.log().count(b"\n") == 300, 30)
    runs.kill()
    runs.finish()
    assert [event["value"] for event in runs.events(PRINTED, "metric")] == list(range(300))


def test_both_streams_stand_in_their_order_in_the_log(runs: Runs) -> None:
    """Each line is written when the one before is in the log."""
    log = json.dumps(str(runs.base / "runs/r1/log.txt"))
    code = (
        "import os, time\n"
        "told = b''\n"
        "for n in range(20):\n"
        "    line = b'%d\\n' % n\n"
        "    os.write(1 + n % 2, line)\n"
        "    told += line\n"
        f"    while open({log}, 'rb').read() != told: time.sleep(0.001)\n"
    )
    runs.prepare()
    runs.jobs.submit(runs.job(sys.executable, "-c", code, max_duration=60))
    runs.await_end()
    assert runs.last()["status"] == "Completed", runs.log()
