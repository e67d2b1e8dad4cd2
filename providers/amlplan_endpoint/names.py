"""How runs are called in MLflow, whose ids have no dots."""

from __future__ import annotations

import re

_CHILD = re.compile(r"(.*?)((?:\.\d+)+)")
_SHOWN_CHILD = re.compile(r"(.+_\d+_[0-9a-f]{8})((?:-\d+)+)")


def shown(run_id: str) -> str:
    """The id of a run as MLflow's clients take it: `a_1_0b.2.1` is `a_1_0b-2-1`."""
    found = _CHILD.fullmatch(run_id)
    return run_id if found is None else found[1] + found[2].replace(".", "-")


def told(name: str, root: str) -> str:
    """The run that a client means; `root` is the one that is served."""
    if name.startswith(root + "-"):
        rest = name[len(root) :]
        return root + rest.replace("-", ".") if re.fullmatch(r"(-\d+)+", rest) else name
    found = _SHOWN_CHILD.fullmatch(name)
    return name if found is None else found[1] + found[2].replace("-", ".")
