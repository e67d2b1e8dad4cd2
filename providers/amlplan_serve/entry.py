"""Starts the server of an image: `python -I -S FOLDER MODE`, where this is FOLDER/__main__.py.

Python imports from that folder first then, and from no site-packages and no variable.
"""

import sys

from amlplan_serve.__main__ import main

sys.exit(main(sys.argv[1:]))
