"""Fits a line with six strengths of regularisation, and registers the best of them."""

import json
import os
import random

from azureml.core.run import Run

STRENGTHS = [0.0, 0.01, 0.1, 0.5, 1.0, 5.0]


def points(count, seed):
    source = random.Random(seed)
    xs = [source.uniform(-1, 1) for _ in range(count)]
    return [(x, 3 * x + 1 + source.gauss(0, 0.4)) for x in xs]


def fit(train, strength):
    """Slope and intercept of a ridge regression, in closed form."""
    mean_x = sum(x for x, _ in train) / len(train)
    mean_y = sum(y for _, y in train) / len(train)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in train)
    slope = covariance / (sum((x - mean_x) ** 2 for x, _ in train) + strength)
    return {"slope": slope, "intercept": mean_y - slope * mean_x, "strength": strength}


def mean_squared_error(model, test):
    errors = [y - model["slope"] * x - model["intercept"] for x, y in test]
    return sum(error**2 for error in errors) / len(errors)


def main():
    run = Run.get_context()
    train, test = points(30, seed=1), points(200, seed=2)
    models = []
    for strength in STRENGTHS:
        model = fit(train, strength)
        error = mean_squared_error(model, test)
        run.log("alpha", strength)
        run.log("mse", error)
        models.append((error, strength, model))
        print("alpha is {0:.2f}, and mse is {1:.4f}".format(strength, error))

    error, strength, best = min(models, key=lambda each: each[0])
    os.makedirs("outputs", exist_ok=True)
    with open("ridge.json", "w") as file:
        json.dump(best, file)
    run.upload_file(name="outputs/ridge.json", path_or_stream="ridge.json")
    run.tag("best_alpha", strength)
    run.log("best_mse", error)
    model = run.register_model(
        model_name="ridge", model_path="outputs/ridge.json", tags={"alpha": strength}
    )
    print("registered", model.name, "version", model.version)


if __name__ == "__main__":
    main()
