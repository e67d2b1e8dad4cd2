"""Ids of child runs, different in every process that makes some."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amlplan_run.recorder import Recorder

_MARK = ".child"
_LETTERS = 4


def new_id(parent: str, recorder: "Recorder") -> str:
    """The next free id of a child: `<parent>.1`, `<parent>.2`.

    An empty file in the folder of events takes the number, so that processes never share one.
    Where that cannot be made, the number is a random one.
    """
    number = recorder.children.get(parent, 0)
    while True:
        number += 1
        try:
            _take("%s.%d" % (parent, number), recorder)
        except FileExistsError:
            continue
        except OSError:
            number = int.from_bytes(os.urandom(_LETTERS), "big") + 2**32
            return "%s.%d" % (parent, number)
        recorder.children[parent] = number
        return "%s.%d" % (parent, number)


def _take(identity: str, recorder: "Recorder") -> None:
    if recorder.is_alone:
        if os.getpid() != recorder.process:  # its file of marks would litter the user's folder
            raise OSError
        return
    path = os.path.join(recorder.folder, identity + _MARK)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
