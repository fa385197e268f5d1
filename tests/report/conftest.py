"""A small report that holds every part, for tests to take parts away from."""

import numpy as np
import pytest

from striate.metrics import Calibration, ClassScore, score
from striate.report.classes import WrongImage
from tests.report.classified import Classified

CONFUSION = np.array([[30, 4, 0], [1, 39, 0], [7, 0, 19]])


@pytest.fixture
def report() -> Classified:
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (28, 28), dtype=np.uint8)
    nothing = np.nan
    return Classified(
        title="lenet5 on pets",
        command="striate train lenet5 pets --seed 0",
        facts=(("epochs", "3"), ("parameters", "61,706")),
        network="input 1x28x28\nconv 6@5x5 -> tanh\nfc 3\n",
        decisions=("engine: native",),
        verdict=("It overfits.", "Try more data."),
        history=tuple(
            {
                "epoch": epoch,
                "train_loss": 0.9 / epoch,
                "train_accuracy": 1 - 0.2 / epoch,
                "validation_loss": 1.0 / epoch,
                "validation_accuracy": 0.9 - 0.2 / epoch,
                "first_rate": 0.2,
                "learning_rate": 0.1,
                "images_per_second": 61_000.0,
                "seconds": 0.9,
            }
            for epoch in (1, 2, 3)
        ),
        best_epoch=2,
        counts={"training": (310, 360, 240), "validation": (36, 40, 26), "test": (34, 40, 26)},
        classes=("cat", "dog", "fox"),
        evaluated="the test set (100 images)",
        score=score(CONFUSION, ("cat", "dog", "fox")),
        confusion=CONFUSION,
        per_class=(
            ClassScore("cat", 30 / 38, 30 / 34, 0.833, 34),
            ClassScore("dog", 39 / 43, 39 / 40, 0.940, 40),
            ClassScore("fox", 1.0, 19 / 26, 0.844, 26),
        ),
        calibration=Calibration(
            expected_error=0.032,
            confidence=np.array([nothing, 0.4, nothing, 0.95]),
            accuracy=np.array([nothing, 0.5, nothing, 0.92]),
            count=np.array([0, 4, 0, 96]),
        ),
        most_wrong=(
            WrongImage(image, "fox", (("cat", 0.91), ("fox", 0.08), ("dog", 0.01)), "pets/fox/007.png"),
            WrongImage(np.stack([image] * 3, axis=-1), "cat", (("dog", 0.7), ("fox", 0.2), ("cat", 0.1)), "12"),
        ),
        filters=generator.standard_normal((6, 1, 5, 5)).astype(np.float32),
        cost=(
            {
                "name": "conv1",
                "layer": "conv 6@5x5",
                "output": "6x24x24",
                "parameters": 156,
                "macs": 86_400,
                "receptive_field": 5,
            },
            {"name": "tanh1", "layer": "tanh", "output": "6x24x24", "parameters": 0, "macs": 0, "receptive_field": 5},
            {
                "name": "fc1",
                "layer": "fc 3",
                "output": "3",
                "parameters": 10_371,
                "macs": 10_368,
                "receptive_field": None,
            },
        ),
    )
