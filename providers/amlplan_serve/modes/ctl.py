"""`ctl`: takes one message from standard input to the control socket, and the answer back.

Messages are as amlplan_serve.messages has them, so any bytes may be in them; secrets come this way
and stand in no argument. Exits with 1 where no server answers.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import BinaryIO

from amlplan_serve import messages
from amlplan_serve.container import Variables


def main() -> int:
    """Carry one message there and back; the exit code."""
    control = Variables(os.environ).control
    try:
        answer = asked(control, read_message(sys.stdin.buffer))
    except (OSError, messages.BrokenMessageError) as failure:
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


def asked(control: str, message: bytes) -> bytes:
    """What the server at a control socket answers to a message; blocks as long as that takes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        with messages.reachable(control) as short:
            connection.connect(short)
        connection.sendall(message)
        about, data, _ = messages.receive(connection)
    return messages.encoded(about, data)
