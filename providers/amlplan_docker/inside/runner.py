"""The first process of a run's container: starts the script and keeps what it says.

What it is to do lies in a file that only this user may read, and that is removed at once: it has
the secrets. Whoever follows connects through a socket, as often as needed, and loses nothing in
between.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

from amlplan_docker.inside import memory
from amlplan_docker.inside.frames import BrokenError, Frames, frame
from amlplan_docker.inside.script import Script
from amlplan_docker.inside.spool import Spool
from amlplan_docker.inside.tails import Tails
from amlplan_docker.inside.tunnel import Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

TASK = "task.json"
SOCKET = "runner.sock"
WORK = "work"
ENDED = "ended"
"""Begins the name of the file that tells how the script ended, should nobody be there."""
ROOM = 1024 * 1024
"""Bytes that wait to be sent, beyond which nothing is added."""
LOOK, ALIVE = 0.2, 2.0
"""Seconds between two looks at files that grow, and between two signs of life."""
LAST, LAST_ASKED = 10.0, 1.0
"""Seconds in which somebody has to have come for the rest, when the script ended; and where it was
ended by a signal, after which nobody may come any more."""
NOT_STARTED = 127


class Runner:
    """One attempt of a run, from its task to the exit code."""

    def __init__(self, folder: str, task: "Dict[str, Any]") -> None:
        self._folder, self._task = folder, task
        self._wakes, wake = os.pipe()
        for descriptor in (self._wakes, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._spool = Spool(os.path.join(folder, "spool-%d" % task["attempt"]))
        self._tunnel = Tunnel()
        self._listener = _listening(os.path.join(folder, SOCKET))
        self._peer: "Optional[socket.socket]" = None
        self._frames = Frames()
        self._out = bytearray()
        self._offset = 0
        self._tails: "Optional[Tails]" = None
        self._looked = self._lived = 0.0
        self._ending: "Optional[Dict[str, Any]]" = None
        self._has_told = self._is_had = False
        self._leaves_at = float("inf")
        self._is_to_end = False
        self._script: "Optional[Script]" = None
        limit = task.get("seconds")
        self._deadline = float("inf") if limit is None else time.time() + limit

    def run(self) -> int:
        """Run the script to its end and until everything is had; its exit code."""
        killed = memory.kills() or 0
        try:
            self._script = Script(
                self._task["command"], self._environment(), os.path.join(self._folder, WORK)
            )
        except (OSError, ValueError) as failure:
            self._end_with({"code": None, "reason": _described(failure)})
        while not (self._is_had or time.time() > self._leaves_at):
            self._turn()
            if self._script is not None and self._ending is None and self._script.is_over:
                kills = (memory.kills() or 0) - killed
                self._end_with({"code": self._script.code, "kills": kills})
        code = (self._ending or {}).get("code")
        return NOT_STARTED if code is None else int(code)

    def _environment(self) -> "Dict[str, str]":
        given = dict(self._task["variables"])
        inside = "127.0.0.1:%d" % self._tunnel.port
        outside = self._task.get("service")
        if outside:
            for name, value in given.items():
                if value == "http://" + outside:
                    given[name] = "http://" + inside
        given.update(self._task["secrets"])
        environment = dict(os.environ)
        environment.update(given)
        environment.update(_past_proxies(environment))
        return environment

    def _end(self, *_: object) -> None:
        self._is_to_end = True

    def _end_with(self, ending: "Dict[str, Any]") -> None:
        self._ending = ending
        ending["filled"] = _filled(os.path.join(self._folder, WORK))
        is_alone = self._is_to_end and self._peer is None
        self._leaves_at = time.time() + (LAST_ASKED if is_alone else LAST)
        name = "%s-%d.json" % (ENDED, self._task["attempt"])
        try:
            with open(os.path.join(self._folder, name), "w") as file:
                json.dump(ending, file)
        except OSError:  # a full disk: whoever follows is told all the same
            return

    def _turn(self) -> None:
        """Wait for something to happen and see to it."""
        has_room = self._peer is not None and len(self._out) < ROOM
        poll = select.poll()
        poll.register(self._wakes, select.POLLIN)
        poll.register(self._listener, select.POLLIN)
        if self._script is not None and self._ending is None and not self._spool.is_full:
            poll.register(self._script.waiting, select.POLLIN)
        if self._peer is not None:
            poll.register(self._peer, select.POLLIN | (select.POLLOUT if self._out else 0))
        self._tunnel.watch(poll, has_room=has_room)
        is_news = self._ending is not None and self._tails is not None and not self._has_told
        ready = dict(poll.poll(0 if is_news else LOOK * 1000))
        if self._wakes in ready:
            os.read(self._wakes, 512)
        self._look_at_script()
        if self._listener.fileno() in ready:
            self._accept()
        if self._peer is not None:
            self._talk(ready, self._peer)

    def _look_at_script(self) -> None:
        if self._script is None or self._ending is not None:
            return
        self._script.reap()
        while not self._spool.is_full:
            found = self._script.read()
            for stream, data in found:
                self._spool.add(stream, data)
            if not found:
                break
        if self._is_to_end or time.time() > self._deadline:
            self._script.end(self._task["grace"])
        self._script.kill_if_due()

    def _accept(self) -> None:
        """Take who follows from now on in the place of whoever did."""
        try:
            peer, _ = self._listener.accept()
        except OSError:
            return
        self._leave()
        peer.setblocking(False)  # noqa: FBT003 - its only form
        self._peer = peer

    def _leave(self) -> None:
        if self._peer is not None:
            self._peer.close()
        self._peer, self._tails = None, None
        self._frames, self._out = Frames(), bytearray()
        self._has_told = False
        self._tunnel.reset()

    def _talk(self, ready: "Dict[int, int]", peer: "socket.socket") -> None:
        try:
            if ready.get(peer.fileno(), 0) & ~select.POLLOUT:
                self._hear(peer)
            if self._tails is not None:
                self._say(ready)
            while self._out:
                del self._out[: peer.send(self._out)]
        except BlockingIOError:
            return
        except (OSError, EOFError, BrokenError, ValueError):
            self._leave()

    def _hear(self, peer: "socket.socket") -> None:
        data = peer.recv(1 << 18)
        if not data:
            raise EOFError
        for kind, number, payload in self._frames.take(data):
            if kind == b"h":
                had = json.loads(payload.decode())
                self._offset = had["output"]
                self._tails = Tails(self._folder, had["files"])
                self._looked = 0.0
            elif kind == b"a":
                self._spool.let_go(int(payload.decode()))
            elif kind == b"k":
                self._is_had = True
            else:
                self._tunnel.take(kind, number, payload)

    def _say(self, ready: "Dict[int, int]") -> None:
        """Add what is to be sent, as far as there is room."""
        now = time.time()
        said = self._tunnel.look(ready)
        # What a script recorded is there before the service is asked about it.
        if said or now - self._looked > LOOK or self._ending is not None:
            self._looked = now
            self._say_files()
        for each in said:
            self._out += each
        while len(self._out) < ROOM:
            more = self._spool.read(self._offset)
            if not more:
                break
            self._out += more
            self._offset += len(more)
        if now - self._lived > ALIVE:
            self._lived = now
            self._out += frame(b"b")
        self._say_ending()

    def _say_files(self) -> None:
        assert self._tails is not None  # noqa: S101 - who calls saw it
        for each in self._tails.more():
            self._out += each

    def _say_ending(self) -> None:
        is_said = self._offset >= self._spool.size and not self._spool.is_full
        if self._ending is not None and is_said and not self._has_told:
            self._has_told = True
            self._leaves_at = time.time() + LAST
            self._out += frame(b"e", 0, json.dumps(self._ending).encode())


def _past_proxies(environment: "Dict[str, str]") -> "Dict[str, str]":
    """Let no proxy get between a script and the service of its run."""
    names = ("http_proxy", "all_proxy")
    if not any(environment.get(name) or environment.get(name.upper()) for name in names):
        return {}
    told = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if told.strip() == "*":
        return {}
    passed = told + ",127.0.0.1" if told else "127.0.0.1"
    return {"no_proxy": passed, "NO_PROXY": passed}


def _filled(work: str) -> "List[str]":
    """What has something in it at the top of the working folder."""
    try:
        return [each.name for each in os.scandir(work) if not _is_empty_folder(each)]
    except OSError:  # the script removed it
        return []


def _is_empty_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and not os.listdir(entry.path)
    except OSError:
        return False


def _described(failure: Exception) -> str:
    name = getattr(failure, "filename", None)
    why = getattr(failure, "strerror", None) or str(failure)
    return "%s: %s" % (name, why) if name else why


def _listening(path: str) -> "socket.socket":
    with suppress(OSError):  # there is none but for an attempt before this one
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o077)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)
    listener.listen(4)
    listener.setblocking(False)  # noqa: FBT003 - its only form
    return listener


def main(arguments: "List[str]") -> int:
    """Do the task in a run's folder."""
    folder = arguments[0]
    path = os.path.join(folder, TASK)
    with open(path, "rb") as file:
        task = json.loads(file.read().decode())
    os.unlink(path)
    return Runner(folder, task).run()


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)
