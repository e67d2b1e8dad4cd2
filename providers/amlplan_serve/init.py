"""The first process of a container: runs ours as its child, passes signals on, and buries orphans.

Whatever loses its parent in a container becomes a child of its first process, which must wait for
it; a process that also waits for children of its own cannot do that without taking their ends away.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)


def under_init(main: Callable[[], int]) -> int:
    """Run a main function, in a child of a process that does the rest where this is the first."""
    return main() if os.getpid() != 1 else with_init(main)


def with_init(main: Callable[[], int]) -> int:
    """Run a main function in a child; gives its code, and 128 + N where signal N ended it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until somebody is there to pass them on
    child = os.fork()
    if not child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        return main()
    for number in PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
