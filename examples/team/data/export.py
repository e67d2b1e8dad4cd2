"""Writes the tables below data/ from the data sets that scikit-learn brings; needs nothing else.

Usage: python data/export.py, with scikit-learn installed. It gives the same bytes each time.
"""

import csv
from pathlib import Path

from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
TABLES = {
    "wine": (load_wine, ("barolo", "grignolino", "barbera")),
    "cytology": (load_breast_cancer, ("malignant", "benign")),
}


def column(name):
    return name.replace("/", " to ").replace(" ", "_").lower()


def write(path, columns, rows, labels):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, "label"])
        writer.writerows([*map(float, row), label] for row, label in zip(rows, labels))


def main():
    for name, (load, words) in TABLES.items():
        found = load()
        labels = [words[number] for number in found.target]
        train, holdout, learn, expect = train_test_split(
            found.data, labels, test_size=0.4, random_state=7, stratify=labels
        )
        columns = [column(feature) for feature in found.feature_names]
        (HERE / name).mkdir(exist_ok=True)
        write(HERE / name / "train.csv", columns, train, learn)
        write(HERE / name / "holdout.csv", columns, holdout, expect)


if __name__ == "__main__":
    main()
