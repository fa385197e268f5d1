import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from striate.data import digits, load
from striate.errors import WorkError


def test_they_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    images, labels = digits.read()
    ours, theirs = images[:, 0].astype(float), load_digits()
    assert np.abs(ours - theirs.images * 255 / 16).max() <= 0.5
    assert set(np.unique(images)) == {round(level * 255 / 16) for level in range(17)}
    assert np.array_equal(labels, theirs.target)


def test_a_fifth_of_each_class_is_the_test() -> None:
    found = load("digits")
    assert found.test is not None
    assert len(found.train) + len(found.test) == 1797
    share = found.test.labels.bincount() / (found.test.labels.bincount() + found.train.labels.bincount())
    assert torch.allclose(share, torch.tensor(0.2), atol=0.01)
    again = load("digits").test
    assert again is not None
    assert torch.equal(found.test.images, again.images)


def test_scikit_learn_is_not_imported() -> None:
    code = "import sys; from striate.data import load; load('digits'); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "find_spec", lambda _: None)
    with pytest.raises(WorkError, match="pip install scikit-learn"):
        load("digits")


def test_with_a_broken_scikit_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(digits, "find_spec", lambda _: broken)
    with pytest.raises(WorkError, match=r"digits\.csv\.gz.*install scikit-learn again"):
        load("digits")
    assert importlib.util.find_spec("sklearn") is not None
