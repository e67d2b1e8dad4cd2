"""Ratios of measurements, as further columns."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Ratios(TransformerMixin, BaseEstimator):
    """Adds the logarithm of one column over another for each pair of columns by number."""

    def __init__(self, pairs=()):
        self.pairs = pairs

    def fit(self, rows, labels=None):  # noqa: ARG002 - scikit-learn asks so
        return self

    def transform(self, rows):
        rows = np.asarray(rows, dtype=float)
        more = [np.log((rows[:, above] + 1) / (rows[:, below] + 1)) for above, below in self.pairs]
        return np.column_stack([rows, *more])
