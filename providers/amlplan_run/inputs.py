"""Where the inputs of a run are."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

PREFIX = "AMLPLAN_INPUT_"


def variable_of(name: str) -> str:
    """The environment variable that holds the path of an input."""
    letters = [letter if letter.isalnum() and letter < "\x80" else "_" for letter in name.upper()]
    return PREFIX + "".join(letters)


def path_of(name: str, default: "Optional[str]" = None) -> str:
    """The path of an input, or the default; raises LookupError where there is neither."""
    path = os.environ.get(variable_of(name), default)
    if path is None:
        there = sorted(key[len(PREFIX) :].lower() for key in os.environ if key.startswith(PREFIX))
        known = "The inputs of this run: " + ", ".join(there) if there else "This run has no inputs"
        raise LookupError(
            "There is no input named %r. %s. Declare it in the run_config, as in "
            'input "%s" { path = "data" }, or give a default.' % (name, known, name)
        )
    return path
