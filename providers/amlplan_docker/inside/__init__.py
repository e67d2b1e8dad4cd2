"""What runs in the container of a run: standard library of Python 3.6 and newer, nothing of ours.

`runner` is the first process of the container and has the script below it; `relay` is started
beside it by whoever follows the run, and passes on what the two say to each other.
"""
