"""The logging of a script that brings a `logging.json`."""

import json
import os


def configure(source: str) -> None:
    """Do as a script's `logging.json` says, where there is one; raises what that does."""
    path = os.path.join(source, "logging.json")
    if not os.path.isfile(path):
        return
    import logging.config

    with open(path, encoding="utf-8") as file:
        logging.config.dictConfig(json.load(file))
