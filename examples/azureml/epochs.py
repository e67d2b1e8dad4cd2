"""Trains a perceptron by gradient descent, logging as training loops of deep networks do."""

import argparse
import json
import math
import os
import random

from azureml.core.run import Run

LABELS = ["outside", "inside"]
run = Run.get_context()


def batches(count, size, source):
    for _ in range(count):
        points = [(source.uniform(-2, 2), source.uniform(-2, 2)) for _ in range(size)]
        yield [(x, y, float(x * x + y * y < 2)) for x, y in points]


class Net:
    """One unit with squares of its inputs."""

    def __init__(self):
        self.weights = [0.0, 0.0, 0.0]

    def __call__(self, x, y):
        a, b, bias = self.weights
        return 1 / (1 + math.exp(-(a * x * x + b * y * y + bias)))

    def step(self, batch, rate):
        """One step of gradient descent; gives the loss before it."""
        loss, gradient = 0.0, [0.0, 0.0, 0.0]
        for x, y, target in batch:
            told = min(max(self(x, y), 1e-9), 1 - 1e-9)
            loss -= target * math.log(told) + (1 - target) * math.log(1 - told)
            for place, value in enumerate((x * x, y * y, 1.0)):
                gradient[place] += (told - target) * value / len(batch)
        self.weights = [w - rate * g for w, g in zip(self.weights, gradient)]
        return loss / len(batch)


def train(net, epoch, args, source):
    for number, batch in enumerate(batches(args.batches, args.batch_size, source)):
        loss = net.step(batch, args.lr)
        run.log("train_loss", loss, step=epoch * args.batches + number)


def test(net, source):
    """How often each class was taken for each."""
    counts = [[0, 0], [0, 0]]
    for x, y, target in next(batches(1, 500, source)):
        counts[int(target)][int(net(x, y) > 0.5)] += 1
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.5)
    args = parser.parse_args()

    source, net = random.Random(4), Net()
    os.makedirs("outputs/checkpoints", exist_ok=True)
    for epoch in range(args.epochs):
        train(net, epoch, args, source)
        counts = test(net, source)
        accuracy = (counts[0][0] + counts[1][1]) / 500
        run.log("accuracy", accuracy, step=epoch)
        print("epoch {0}: accuracy {1:.3f}".format(epoch, accuracy))
        with open("outputs/checkpoints/{0}.json".format(epoch), "w") as file:
            json.dump(net.weights, file)
    matrix = {"class_labels": LABELS, "matrix": counts}
    run.log_confusion_matrix(
        "confusion", {"schema_type": "confusion_matrix", "parameters": {}, "data": matrix}
    )
    run.log_table("weights", {"a": [net.weights[0]], "b": [net.weights[1]]})
    run.complete()


if __name__ == "__main__":
    main()
