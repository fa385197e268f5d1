"""How well the hints of a report find wrong labels: one in twenty is changed, and those that are named are counted.

python benchmarks/mislabelled.py            # digits, 5 seeds
python benchmarks/mislabelled.py mnist 10 1 # data, epochs, seeds
"""

import sys
import tempfile
from pathlib import Path
from statistics import mean, pstdev

import numpy as np
import torch
from numpy.typing import NDArray

import striate as st
from striate import data
from striate.data.examples import Examples
from striate.runs.hints import OFTEN
from striate.runs.run import Run
from striate.tasks.labelled import LABEL, disputed
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Wish

CHANGED, VALIDATION = 0.05, 0.2


def main() -> None:
    """Trains and prints a row for each part."""
    name = sys.argv[1] if len(sys.argv) > 1 else "digits"
    epochs, seeds = (int(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((2, 30), (3, 5)))
    rows: dict[str, list[tuple[float, float, float]]] = {"validation": [], "training": []}
    for seed in range(seeds):
        for part, figures in found(name, epochs, seed).items():
            rows[part].append(figures)
    for part, figures in rows.items():
        columns = [f"{mean(one):.1%} ± {pstdev(one):.1%}" for one in zip(*figures, strict=True)]
        print(f"{name}, {part}: precision {columns[0]}, recall {columns[1]}; random choice {columns[2]}")


def found(name: str, epochs: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """Precision, recall and the share of changed labels, of both parts."""
    with tempfile.TemporaryDirectory() as folder:
        path, wrong = changed(name, seed, Path(folder))
        run = st.train("lenet5", path, epochs=epochs, seed=seed, validation=VALIDATION, out=f"{folder}/run", quiet=True)
        opened = type(run.task).open(str(path), Wish())
        assert opened is not None
        training, validation = opened[1].split(VALIDATION, seed)
        times, count = run.saved.last().disputes.later(epochs)
        named = {"validation": times > OFTEN * count, "training": disputed_now(run, training)}
        parts = {"validation": validation, "training": training}
        return {part: figures(named[part], is_wrong(parts[part], wrong)) for part in parts}


def changed(name: str, seed: int, folder: Path) -> tuple[Path, set[bytes]]:
    """An archive of the data with some labels changed, and the images of these."""
    given, chance = data.load(name), np.random.default_rng(seed)
    assert given.test is not None
    labels = given.train.labels.numpy().copy()
    wrong = chance.random(len(labels)) < CHANGED
    labels[wrong] = (labels[wrong] + chance.integers(1, 10, wrong.sum())) % 10
    images = given.train.images.numpy()
    arrays = {"x_train": images, "y_train": labels, "x_test": given.test.images, "y_test": given.test.labels}
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz", {image.tobytes() for image in images[wrong]}


def is_wrong(examples: Examples, wrong: set[bytes]) -> NDArray[np.bool_]:
    """Which of them have a changed label."""
    images = examples.take(range(len(examples)))[IMAGE]
    return np.array([image.numpy().tobytes() in wrong for image in images])


def disputed_now(run: Run, examples: Examples) -> NDArray[np.bool_]:
    """Which labels the weights that were kept dispute."""
    fields = examples.take(range(len(examples)))
    return disputed(run.outputs(fields[IMAGE]).softmax(1), fields[LABEL])


def figures(named: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Precision, recall, and the precision of a random choice."""
    right = (named & wrong).sum()
    return float(right / max(1, named.sum())), float(right / max(1, wrong.sum())), float(wrong.mean())


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
