"""Trains a classifier of handwritten digits and records how well it does."""

import argparse
import csv
import pickle
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

import amlplan_run

CLASSIFIERS = {"bayes": GaussianNB, "svm": SVC}


def read_images(path):
    with open(path, newline="") as file:
        table = np.array([[int(cell) for cell in row] for row in csv.reader(file)])
    return table[:, :64], table[:, 64]


def figure_of(confusion):
    figure = Figure(figsize=(5, 5))
    axes = figure.subplots()
    axes.imshow(confusion, cmap="Blues")
    axes.set(xlabel="told", ylabel="written", xticks=range(10), yticks=range(10))
    for (row, column), count in np.ndenumerate(confusion):
        colour = "white" if count > confusion.max() / 2 else "black"
        axes.text(column, row, count, ha="center", va="center", color=colour)
    return figure


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--classifier", choices=sorted(CLASSIFIERS), default="bayes")
    arguments = parser.parse_args()
    pixels, digits = read_images(amlplan_run.input("images"))
    train, test, learn, expect = train_test_split(pixels, digits, test_size=0.5, random_state=7)
    model = CLASSIFIERS[arguments.classifier]()
    for size in (100, 300, len(train)):
        model.fit(train[:size], learn[:size])
        accuracy = accuracy_score(expect, model.predict(test))
        print(f"{size} images: accuracy {accuracy:.4f}")
        amlplan_run.log("accuracy", accuracy, step=size)
    confusion = confusion_matrix(expect, model.predict(test))
    amlplan_run.log_image("confusion", figure=figure_of(confusion))
    amlplan_run.tag("classifier", arguments.classifier)
    Path("outputs").mkdir(exist_ok=True)
    Path("outputs/model.pkl").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    main()
