"""Runs the command line as `python -m amlplan`."""

from amlplan.cli.main import main

if __name__ == "__main__":
    main()
