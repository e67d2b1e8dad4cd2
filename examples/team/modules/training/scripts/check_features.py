"""Checks the library of features by itself: python check_features.py, in this folder."""

import math

import numpy as np

from features import Ranges, Ratios, RefusedError, Table

TABLE = Table(["acid", "sugar"], np.array([[1.0, 10.0], [3.0, 30.0]]), np.array(["dry", "sweet"]))


def refusal_of(sample):
    try:
        Ranges.of(TABLE).row(sample)
    except RefusedError as refusal:
        return str(refusal)
    return None


def main():
    ranges = Ranges.of(TABLE)
    expectations = {
        "columns have an order": ranges.row({"sugar": 2, "acid": 1}) == [1.0, 2.0],
        "a hole is named": refusal_of({"acid": 1}) == "missing: sugar",
        "a slip is named": "unknown: suger" in refusal_of({"acid": 1, "suger": 2}),
        "a word is no number": "acid" in refusal_of({"acid": "1", "sugar": 2}),
        "true is no number": "acid" in refusal_of({"acid": True, "sugar": 2}),
        "far away is told": ranges.outside({"acid": 4.5, "sugar": 10}) == ["acid"],
        "near is not": ranges.outside({"acid": 4.0, "sugar": 10}) == [],
        "ratios come last": math.isclose(
            Ratios([(1, 0)]).fit_transform(TABLE.rows)[1, 2], math.log(31 / 4)
        ),
    }
    failed = [name for name, holds in expectations.items() if not holds]
    print(*(failed or [f"{len(expectations)} expectations hold"]), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
