"""Tables of measurements: columns with names, and a label for each row."""

import csv
from dataclasses import dataclass

import numpy as np

LABEL = "label"


@dataclass(frozen=True)
class Table:
    columns: list
    rows: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.rows)


def read_table(path):
    """Read a CSV file whose last column is the label; raises ValueError where it is not one."""
    with open(path, newline="") as file:
        header, *lines = csv.reader(file)
    if header[-1] != LABEL or not lines:
        raise ValueError(f"{path} is no table with a last column {LABEL}")
    rows = np.array([[float(cell) for cell in line[:-1]] for line in lines])
    if not np.isfinite(rows).all():
        raise ValueError(f"{path} has holes")
    return Table(header[:-1], rows, np.array([line[-1] for line in lines]))
