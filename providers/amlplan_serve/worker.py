"""Runs a scoring script: answers framed requests on a socket with what its `run` gives.

Started by path under the user's interpreter, with the socket's number; must work from Python 3.6
on. It ends when the socket closes. All that it needs is in the folder `inside`.
"""

import faulthandler
import json
import os
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amlplan_serve.inside.script import Script
    from amlplan_serve.inside.wire import Connection

OWN = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - quick to start
PACKAGE = "amlplan_serve"


def serve(descriptor: int, *starter: int) -> None:
    """Load the script, then answer until the server is gone, which may be an EOFError.

    The starter says what to load, and is told whether it is; often it is the server itself. Where
    it is not, it may hand over a connection to another server once the first is gone.
    """
    from amlplan_serve.inside import wire
    from amlplan_serve.inside.description import description_of
    from amlplan_serve.inside.imports import install
    from amlplan_serve.inside.script import prepared

    install()
    connection = wire.Connection(descriptor)
    told = wire.Connection(*starter) if starter else connection
    told.write(0, wire.HELLO, json.dumps({"pid": os.getpid()}).encode())
    _, _, payload = told.read()
    setup = json.loads(payload.decode())
    try:
        script = prepared(setup)
        about = description_of(script, setup["source"])
    except BaseException as failure:  # noqa: BLE001 - also of exit() in the script
        traceback.print_exc()
        reason = f"{type(failure).__name__}: {failure}"
        told.write(0, wire.FAILED, json.dumps({"reason": reason}).encode())
        return
    told.write(0, wire.READY, about)
    while not is_let_go(connection, script):
        if told is connection:
            return
        connection = told.receive_connection()
        told.write(0, wire.READY, about)


def is_let_go(connection: "Connection", script: "Script") -> bool:
    """Answer requests until the server wants no more ever, or is just gone."""
    from amlplan_serve.inside import wire
    from amlplan_serve.inside.answers import answer_of

    try:
        number, kind, payload = connection.read()
        while kind != wire.SETUP:
            answer, took, payload = answer_of(script, kind, payload)
            connection.write(number, answer, payload, took)
            number, kind, payload = connection.read()
    except EOFError:
        return False
    return True


def _make_importable() -> None:
    """Let our package be imported, and nothing that lies beside it or beside this file."""
    sys.path[:] = [entry for entry in sys.path if entry != OWN]
    init = os.path.join(OWN, "__init__.py")  # noqa: PTH118
    spec = spec_from_file_location(PACKAGE, init, submodule_search_locations=[OWN])
    if spec is not None:
        sys.modules[PACKAGE] = module_from_spec(spec)


def main(descriptor: int, *starter: int) -> None:
    """Serve until the server closes the socket; another one may be to who started this."""
    faulthandler.enable()
    _make_importable()
    try:
        serve(descriptor, *starter)
    except EOFError:
        return


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
