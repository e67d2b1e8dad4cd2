"""Azure Machine Learning's own files of 2017 to 2026, read as they are."""
