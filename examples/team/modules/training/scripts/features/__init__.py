"""What trainings and the scoring script share: tables, features and model cards.

A pickled model names classes of this package, so the image has it beside the scoring script.
"""

from features.card import Model, load, save
from features.ranges import Ranges, RefusedError
from features.ratios import Ratios
from features.table import Table, read_table

__all__ = ["Model", "Ranges", "Ratios", "RefusedError", "Table", "load", "read_table", "save"]
