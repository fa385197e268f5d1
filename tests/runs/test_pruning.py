"""Pruning: the smaller network is the old one with the left-out channels at zero, whatever ties the widths together."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from torch import nn

import striate as st
from striate.building import build
from striate.errors import WorkError
from striate.notation.ties import ties
from striate.runs import pruning
from striate.runs.pruning import Pruned
from striate.runs.run import Run

NETS = {
    "chain": "input 3x9x9 -> conv 6@3x3 -> bn -> relu -> maxpool 2 -> conv 8@2x2 -> tanh -> fc 12 -> relu -> fc 3",
    "residual": "input 3x8x8 -> conv 6@3x3 pad 1"
    " -> residual[ conv 10@3x3 pad 1 -> bn -> relu -> conv 6@1x1 -> bn ] -> relu"
    " -> residual[ conv 8@3x3 pad 1 stride 2 -> bn | conv 8@1x1 stride 2 -> bn ] -> relu -> gap -> fc 3",
    "concat": "input 3x8x8 -> conv 4@1x1 -> bn"
    " -> concat[ conv 4@1x1 -> bn | conv 6@3x3 pad 1 -> bn | id ] -> relu -> fc 3",
    "depthwise": "input 3x8x8 -> conv 8@1x1 -> bn -> relu -> conv 8@3x3 groups 8 pad 1"
    " -> bn -> relu -> conv 6@1x1 -> bn -> gap -> fc 3",
    "gated": "input 3x8x8 -> conv 8@3x3 -> bn -> scale[ gap -> fc 4 -> relu -> fc 8 -> tanh ] -> gap -> fc 3",
    "dense": "input 3x8x8 -> conv 4@3x3 pad 1 -> bn -> [dense[ conv 4@3x3 pad 1 -> bn -> relu ]]*2 -> gap -> fc 3",
}


@pytest.fixture
def run(colours: Path, tmp_path: Path) -> Any:
    """A run of any network, with weights that nothing has made equal."""

    def made(net: str) -> Run:
        return st.train(net, colours, epochs=1, out=tmp_path / "run", quiet=True, engine="torch", size=None)

    return made


def zeroed(run: Run, found: Pruned) -> nn.Module:
    """The old module with the left-out channels of every value set to 0, as hooks on its layers do it."""
    model, channels = run.model().double(), ties(run.network).channels
    gone = {channels[name][at] for name, positions in found.removed.items() for at in positions}
    modules = dict(model.named_modules())
    for name, ids in channels.items():
        rows = [at for at, one in enumerate(ids) if one in gone]
        if rows and name in modules:
            modules[name].register_forward_hook(lambda module, given, value, rows=rows: _without(value, rows))
    return model


def _without(value: torch.Tensor, rows: list[int]) -> torch.Tensor:
    kept = torch.ones(value.shape[1], dtype=value.dtype)
    kept[rows] = 0
    return value * kept.reshape(1, -1, *[1] * (value.dim() - 2))


@pytest.mark.parametrize("name", NETS)
def test_the_outputs_are_those_of_the_old_network_with_the_channels_at_zero(name: str, run: Any) -> None:
    trained = run(NETS[name])
    check(trained, st.prune(trained, 0.5))
    if name in ("chain", "gated"):
        with pytest.raises(st.InputError, match="no batch norm after it"):
            st.prune(trained, by="bn")
    else:
        check(trained, st.prune(trained, 0.5, "bn"))


def check(trained: Run, found: Pruned) -> None:
    """Half of the filters are gone, and the rest computes what the old network does without them."""
    small = build(found.network)
    small.load_state_dict(dict(found.weights))
    x = torch.randn(5, *found.network.input, dtype=torch.float64)  # type: ignore[arg-type]
    with torch.no_grad():
        ours, theirs = small.double().eval()(x), zeroed(trained, found)(x)
        assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12)
        assert not torch.allclose(ours, trained.model().double()(x))
    assert found.after.total_parameters < 0.7 * found.before.total_parameters
    for before, after in found.widths.values():
        assert after == before / 2
    assert "fc" in [*found.left][-1]


def test_the_smallest_filters_go(run: Any) -> None:
    trained = run(NETS["chain"])
    weight = trained.model().state_dict()["conv1.weight"]
    for by, norm in (("l1", 1), ("l2", 2)):
        sizes = weight.flatten(1).norm(norm, 1).numpy()
        assert sorted(st.prune(trained, 1 / 3, by).removed["conv1"]) == sorted(np.argsort(sizes)[:4])
    everything = st.prune(trained, 1.0)
    assert everything.widths == {}
    assert all(torch.equal(tensor, trained.model().state_dict()[name]) for name, tensor in everything.weights.items())
    assert st.prune(trained, 0.01).widths["conv1"] == (6, 1)


def test_training_goes_on_from_what_was_written(run: Any, colours: Path, tmp_path: Path) -> None:
    trained = run(NETS["residual"])
    folder = st.prune(trained, 0.5).save(tmp_path / "small")
    again = st.train(
        folder / "net.net", colours, weights=folder / "weights.safetensors", epochs=1, out=tmp_path / "more", quiet=True
    )
    assert again.config["weights"]["kept"] == again.config["weights"]["of"]
    assert again.config["weights"]["new"] == []
    with pytest.raises(st.InputError, match="holds something already"):
        st.prune(trained).save(folder)


def test_what_does_not_work_channel_by_channel_keeps_all(run: Any) -> None:
    found = st.prune(run("input 3x8x8 -> conv 4@3x3 -> sigmoid -> conv 6@3x3 -> relu -> lrn -> fc 8 -> relu -> fc 3"))
    assert found.left == {
        "conv1": "sigmoid needs all of it",
        "conv2": "lrn needs all of it",
        "fc2": "the network gives it",
    }
    assert found.widths == {"fc1": (8, 4)}


def test_wrong_words_get_one_line(run: Any) -> None:
    trained = run("input 3x8x8 -> a: conv 3@3x3 pad 1 -> shared a -> fc 3")
    with pytest.raises(st.InputError, match="each weight used once; this has 'shared'"):
        st.prune(trained)
    with pytest.raises(st.InputError, match="no measure 'l3'"):
        st.prune(trained, by="l3")
    for keep in (0, 1.5, "half"):
        with pytest.raises(st.InputError, match="keep must be"):
            st.prune(trained, keep)  # type: ignore[arg-type]


def test_a_disk_that_is_full_leaves_nothing_behind(
    tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = st.prune(trained.path, 0.5)

    def fails(*given: Any) -> None:
        given[1].write_bytes(b"half of it")
        raise SafetensorError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "save_file", fails)
        with pytest.raises(WorkError, match="No space left"):
            found.save(tmp_path / "small")
    assert found.save(tmp_path / "small").is_dir()
