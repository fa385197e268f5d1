"""Runs of earlier versions, which named a labelled layer by its label, are used and go on."""

from pathlib import Path
from typing import Any

import pytest
import torch

from striate.layers.earlier import earlier
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.engine import TorchEngine
from striate.training.native_engine import NativeEngine
from striate.training.saved import MODEL
from striate.weights import load_weights, read_tables

NET = "input 1x8x8 -> conv 4@3 -> relu -> c1: conv 6@3 -> relu -> conv 4@3 -> f2: fc 12 -> relu -> fc 10"
OPTIONS: dict[str, Any] = {"quiet": True, "seed": 1, "optimizer": "adamw", "schedule": "constant"}
OLD = {"conv1.weight", "c1.weight", "conv2.weight", "f2.weight", "fc1.weight"}


def with_old_names(kind: Any, patch: pytest.MonkeyPatch) -> None:
    """Makes an engine hand out its weights as an earlier version did."""
    now = kind.weights

    def weights(self: Any) -> dict[str, Any]:
        names = earlier(self.model if isinstance(self, TorchEngine) else self._model)
        split = ((key.rpartition("."), tensor) for key, tensor in now(self).items())
        return {f"{names[layer]}.{key}": tensor for (layer, _, key), tensor in split}

    patch.setattr(kind, "weights", weights)


@pytest.mark.parametrize(("engine", "kind"), [("torch", TorchEngine), ("native", NativeEngine)])
def test_a_run_of_an_earlier_version_is_used_and_goes_on(
    engine: str, kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = train(NET, "digits", out=tmp_path / "new", epochs=2, engine=engine, **OPTIONS)
    with monkeypatch.context() as patch:
        with_old_names(kind, patch)
        train(NET, "digits", out=tmp_path / "old", epochs=2, engine=engine, **OPTIONS)
    assert {name for name in read_tables(tmp_path / "old" / MODEL)[0].tensors if name.endswith("weight")} == OLD
    old, model = Run(tmp_path / "old"), new.model()
    assert all(torch.equal(a, b) for a, b in zip(old.model().parameters(), model.parameters(), strict=True))
    assert old.test().accuracy == new.test().accuracy
    assert load_weights(model, tmp_path / "old" / MODEL).layout == "our own, of earlier versions"
    ours, theirs = (resume(tmp_path / name, epochs=3, quiet=True) for name in ("old", "new"))
    assert ours.history.best.validation_loss == theirs.history.best.validation_loss
    assert all(torch.equal(a, b) for a, b in zip(ours.model().parameters(), theirs.model().parameters(), strict=True))
