"""Cross-validates a nearest-neighbour classifier: a child run for each of five folds."""

import argparse
import math
import random

from azureml.core import Run

FOLDS = 5


def samples(count, seed=3):
    """Points of two classes that overlap."""
    source = random.Random(seed)
    rows = []
    for number in range(count):
        label = number % 2
        rows.append((source.gauss(label * 2, 1), source.gauss(label * 2, 1), label))
    source.shuffle(rows)
    return rows


def predict(train, x, y, neighbours):
    nearest = sorted(train, key=lambda row: math.hypot(row[0] - x, row[1] - y))[:neighbours]
    return int(sum(row[2] for row in nearest) * 2 > neighbours)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--neighbours", type=int, default=5)
    neighbours = parser.parse_args().neighbours

    parent = Run.get_context()
    parent.log("neighbours", neighbours)
    rows = samples(200)
    for fold in range(FOLDS):
        with parent.child_run(name="fold {0}".format(fold)) as child:
            test = rows[fold::FOLDS]
            train = [row for number, row in enumerate(rows) if number % FOLDS != fold]
            right = sum(predict(train, x, y, neighbours) == label for x, y, label in test)
            child.log("accuracy", right / len(test))
            child.tag("fold", fold)
            parent.log_row("folds", fold=fold, right=right, of=len(test))

    accuracies = [child.get_metrics()["accuracy"] for child in parent.get_children()]
    parent.log_list("accuracies", accuracies)
    parent.log("accuracy", sum(accuracies) / len(accuracies))
    print("mean accuracy of", len(accuracies), "folds:", sum(accuracies) / len(accuracies))


if __name__ == "__main__":
    main()
