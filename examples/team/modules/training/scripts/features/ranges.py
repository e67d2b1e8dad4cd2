"""What values a model knows: checks samples before it is asked about them."""

import math


class RefusedError(ValueError):
    """A sample that cannot be answered; the text says what is wrong with it."""


class Ranges:
    """The smallest and largest value of each column that a model has learned from."""

    def __init__(self, ranges):
        self.ranges = {name: tuple(pair) for name, pair in ranges.items()}

    @classmethod
    def of(cls, table):
        pairs = zip(table.rows.min(axis=0).tolist(), table.rows.max(axis=0).tolist())
        return cls(dict(zip(table.columns, pairs)))

    def row(self, sample):
        """Give the values of a sample in the order of the columns, or raise RefusedError."""
        if not isinstance(sample, dict):
            raise RefusedError("values must be an object with a number for each column")
        missing = [name for name in self.ranges if name not in sample]
        unknown = [name for name in sample if name not in self.ranges]
        if missing or unknown:
            told = [("missing", missing), ("unknown", unknown)]
            raise RefusedError(
                "; ".join(f"{word}: {', '.join(names)}" for word, names in told if names)
            )
        for name, value in sample.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not math.isfinite(value):
                raise RefusedError(f"{name} must be a number, not {value!r}")
        return [float(sample[name]) for name in self.ranges]

    def outside(self, sample):
        """Give the columns whose value is far from all that was learned from."""
        found = []
        for name, (low, high) in self.ranges.items():
            margin = (high - low) / 2
            if not low - margin <= sample[name] <= high + margin:
                found.append(name)
        return found
