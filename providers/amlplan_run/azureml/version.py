"""The version of the SDK that scripts are told."""

VERSION = "1.61.0+amlplan"
"""That of the newest SDK whose names are known here."""
