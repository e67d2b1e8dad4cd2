"""Fits a nearest-centroid classifier to the handwritten digits and writes it to `model/`.

Needs nothing but Python: the model is the mean image of each digit.
"""

import csv
import json
from pathlib import Path

HERE = Path(__file__).parent


def read_images():
    with open(HERE / "data" / "digits.csv", newline="") as file:
        for row in csv.reader(file):
            yield [int(pixel) for pixel in row[:64]], int(row[64])


def fit(images):
    sums = {digit: [0] * 64 for digit in range(10)}
    counts = dict.fromkeys(range(10), 0)
    for pixels, digit in images:
        counts[digit] += 1
        sums[digit] = [a + b for a, b in zip(sums[digit], pixels)]
    return {digit: [round(s / counts[digit], 4) for s in sums[digit]] for digit in range(10)}


def predict(centroids, pixels):
    def distance(digit):
        return sum((a - b) ** 2 for a, b in zip(centroids[digit], pixels))

    return min(centroids, key=distance)


def main():
    images = list(read_images())
    train, test = images[::2], images[1::2]
    centroids = fit(train)
    right = sum(predict(centroids, pixels) == digit for pixels, digit in test)
    accuracy = round(right / len(test), 4)
    (HERE / "model").mkdir(exist_ok=True)
    with open(HERE / "model" / "centroids.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [digit, *centroids[digit]] for digit in sorted(centroids)
        )
    facts = {"accuracy": accuracy, "trained_on": len(train), "tested_on": len(test)}
    (HERE / "model" / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(f"accuracy {accuracy} on {len(test)} images it has not seen")


if __name__ == "__main__":
    main()
