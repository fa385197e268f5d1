"""Labels that were changed are among those that are disputed first."""

from pathlib import Path

import numpy as np
import pytest

import striate as st
from striate import data
from striate.checking.labels import likely_wrong
from striate.errors import InputError
from striate.runs.run import Run

COUNT, CHANGED = 600, 20


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """An archive of digits, and the positions whose labels were changed."""
    digits, chance = data.load("digits").train, np.random.default_rng(0)
    labels = digits.labels[:COUNT].numpy().copy()
    rows = chance.choice(COUNT, CHANGED, replace=False)
    labels[rows] = (labels[rows] + chance.integers(1, 10, CHANGED)) % 10
    path = tmp_path_factory.mktemp("changed") / "digits.npz"
    images = digits.images[:COUNT].numpy()
    np.savez(path, x=images, y=labels)
    return path, {f"train[{row}]" for row in rows}


@pytest.mark.parametrize("folds", [None, 3])
def test_most_changed_labels_are_among_twice_as_many(
    changed: tuple[Path, set[str]], folds: int | None, tmp_path: Path
) -> None:
    path, wrong = changed
    text = "input 1x8x8 -> conv 8@3 -> relu -> fc 32 -> relu -> fc 10"
    run = st.train(text, path, epochs=12, lr=0.01, out=tmp_path / "run", quiet=True)
    found = likely_wrong(run.path, path, folds)
    assert sum(one.path in wrong for one in found[: 2 * CHANGED]) >= 0.75 * CHANGED


def test_a_run_of_another_kind_is_refused(tmp_path: Path, trained: Run) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 8, 8), np.uint8), y=np.array(["a", "b", "a", "b"]))
    with pytest.raises(InputError, match="has a class"):
        likely_wrong(trained.path, tmp_path / "a.npz")
