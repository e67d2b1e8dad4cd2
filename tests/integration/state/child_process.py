"""What another process does with a state: `hold`, `work` or `conclude`, in a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from state_support import HOLDER, backend, intent, record, silent


def main(command: str, folder: Path) -> None:
    with backend(folder).open(HOLDER, timeout=5, waiting=silent) as writer:
        print("open", flush=True)
        if command == "hold":
            time.sleep(60)
        start = len(writer.state.records)
        for number in range(start, start + 100_000):
            address = f"a.n{number:06}"
            writer.begin(intent(address))
            writer.finish(address, record(address))
            print(number, flush=True)
            if command == "conclude" and number % 3 == 0:
                writer.conclude(None, None)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
