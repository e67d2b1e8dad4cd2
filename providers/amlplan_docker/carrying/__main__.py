"""Carries one attempt of a run into a container and sees it to its end.

Started by the supervisor as `python -I -m amlplan_docker.carrying FOLDER`, once for each attempt;
with `finish` behind it, by the supervisor or whoever finishes a lost run, where a carrier was ended
before it was done. Its output is the script's, its exit code too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    from amlplan_docker.carrying.carry import carry
    from amlplan_docker.carrying.finishing import finish

    folder = Path(sys.argv[1])
    code = finish(folder) if sys.argv[2:] == ["finish"] else carry(folder, os.environ)
    sys.stdout.flush()
    os._exit(code)
