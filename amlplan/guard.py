"""Runs one command and ends its whole process group when the pipe to amlplan closes.

Run by path under `python -I -S`, with the pipe's number and the command as arguments; standard
library only, so that it starts in milliseconds. Where the pipe goes both ways, the number of the
group is told through it, so that somebody can end it should the guard be killed. Exits with the
command's code, 128 + N where signal N ended it, 126 where it could not be started.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

GUARD = __file__
"""The path by which it is run."""
GRACE = 4.0
"""Seconds between asking a group to end and ending it."""
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(pipe: int, command: list[str]) -> int:
    """Run the command until it ends or nobody holds the other end of the pipe; its exit code."""
    os.set_inheritable(pipe, False)  # noqa: FBT003 - its only form
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *ENDING):
        signal.signal(number, lambda *_: None)
    try:
        # Python ignores these two signals, and an ignored signal would be inherited.
        ours = [signal.SIGPIPE, signal.SIGXFSZ]
        child = os.posix_spawn(command[0], command, os.environ, setpgroup=0, setsigdef=ours)
    except OSError as failure:
        sys.stderr.write(f"{command[0]} cannot be started: {failure.strerror}\n")
        return 126
    _say(pipe, child)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    poll.register(wakes, select.POLLIN)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            end_group(child, reaped=True)
            return _code(status)
        ready = {descriptor for descriptor, _ in poll.poll()}
        if pipe in ready or (wakes in ready and set(os.read(wakes, 512)) & set(ENDING)):
            return _code(end_group(child, reaped=False))


def _say(pipe: int, group: int) -> None:
    try:
        os.write(pipe, str(group).encode())
    except OSError:  # it goes one way only, or nobody is there any more
        return


def end_group(group: int, *, reaped: bool) -> int:
    """End every process of a group, gently first; gives the leader's wait status.

    `reaped` tells that the leader is not, or no longer, this process's to wait for.
    """
    status = 0
    deadline = time.monotonic() + GRACE
    there = _tell(group, signal.SIGTERM)
    while there and time.monotonic() < deadline:
        if not reaped:
            done, status = os.waitpid(group, os.WNOHANG)
            reaped = bool(done)
        time.sleep(0.01)
        there = _tell(group, 0)
    if there:
        _tell(group, signal.SIGKILL)
    if not reaped:
        _, status = os.waitpid(group, 0)
    return status


def _tell(group: int, number: int) -> bool:
    """Send a signal to a group; whether there was anybody to take it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


if __name__ == "__main__":
    code = main(int(sys.argv[1]), sys.argv[2:])
    sys.stderr.flush()
    os._exit(code)
