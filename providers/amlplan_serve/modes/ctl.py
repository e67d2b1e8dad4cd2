"""`ctl`: takes one message from standard input to the control socket, and the answer back.

Messages are as amlplan_serve.messages has them, so any bytes may be in them; secrets come this way
and stand in no argument. A server that is starting is waited for: whoever asks need not start one
process after the other until it answers. Exits with 1 where none does.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import BinaryIO

from amlplan_serve import messages
from amlplan_serve.container import Variables
from amlplan_serve.image import UnusableImageError

WAIT = 10
"""Seconds for a server to be there that is starting."""
LOOK = 0.05


def main() -> int:
    """Carry one message there and back; the exit code."""
    variables = Variables(os.environ)
    control = variables.control
    try:
        message = read_message(sys.stdin.buffer)
        answer = asked(control, message, variables.number("WAIT", WAIT))
    except (OSError, UnusableImageError, messages.BrokenMessageError) as failure:
        sys.stderr.write(f"No server answers at {control}: {failure}.\n")
        return 1
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


def read_message(stream: BinaryIO) -> bytes:
    """One whole message of a stream, which may go on; raises BrokenMessageError."""
    head = stream.read(messages.HEADER.size)
    if len(head) < messages.HEADER.size:
        raise messages.BrokenMessageError("no message came")
    length, size = messages.HEADER.unpack(head)
    if max(length, size) > messages.LONGEST:
        raise messages.BrokenMessageError("a message is too long")
    return head + stream.read(length + size)


def asked(control: str, message: bytes, wait: float) -> bytes:
    """What the server at a control socket answers to a message; blocks as long as that takes.

    `wait` are the seconds that it may take to be there.
    """
    with connected(control, time.monotonic() + wait) as connection:
        connection.sendall(message)
        about, data, _ = messages.receive(connection)
    return messages.encoded(about, data)


def connected(control: str, deadline: float) -> socket.socket:
    """A connection to the control socket, as soon as there is one; raises OSError."""
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with messages.reachable(control) as short:
                connection.connect(short)
        except OSError as failure:
            connection.close()
            is_absent = isinstance(failure, (FileNotFoundError, ConnectionRefusedError))
            if not is_absent or time.monotonic() > deadline:
                raise
            time.sleep(LOOK)
        else:
            return connection
