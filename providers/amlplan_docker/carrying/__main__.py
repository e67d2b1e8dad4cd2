"""Carries one attempt of a run into a container and sees it to its end.

Started by the supervisor as `python -I -m amlplan_docker.carrying FOLDER`, once for each attempt;
with `finish` behind it, by the supervisor or whoever finishes a lost run, where a carrier was ended
before it was done. Its output is the script's, its exit code too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FAILED = 1


def main(arguments: list[str]) -> int:
    """Do what is asked; gives the exit code."""
    from amlplan.errors import ProviderError
    from amlplan_docker.carrying.carry import carry
    from amlplan_docker.carrying.finishing import finish

    folder = Path(arguments[0])
    if arguments[1:] != ["finish"]:
        return carry(folder, os.environ)
    try:
        finish(folder)
    except ProviderError as failure:
        sys.stderr.write(f"{failure.detail}\n")
        return FAILED
    except (OSError, ValueError) as failure:
        sys.stderr.write(f"{failure}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
