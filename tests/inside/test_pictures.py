"""Every result draws itself, with a legend on every scale, and tells programs what it shows."""

from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from striate import inside
from striate.building import build
from striate.errors import InputError, WorkError
from striate.inside import Unit
from striate.notation import read
from tests.inside.models import Several, Words, drawn, gap, lenet5


def _results() -> dict[str, inside.FeatureMaps]:
    model, x, labels = gap(), drawn(5, 3, 16, 16), torch.tensor([0, 1, 2, 3, 4])
    sequence = build(read("input 2x20 -> conv 4@3 -> relu -> gap -> fc 3"), seed=0)
    volume = build(read("input 1x4x6x8 -> conv 2@3 -> relu -> fc 2"), seed=0)
    return {
        "filters in colour": inside.filters(model, "conv1"),
        "filters of many channels": inside.filters(model, "conv2"),
        "filters of a volume": inside.filters(volume, "conv1"),
        "filters of a sequence": inside.filters(sequence, "conv1"),
        "filters of fc": inside.filters(model, "fc1"),
        "maps": inside.feature_maps(model, x, "conv1"),
        "maps of a sequence": inside.feature_maps(sequence, drawn(1, 2, 20), "conv1"),
        "maps of fc": inside.feature_maps(model, x, "fc1"),
        "field": inside.receptive_field(model, (3, 16, 16), Unit("conv2", 0), x=x[0]),
        "field of a sequence": inside.receptive_field(sequence, (2, 20), Unit("conv1", 0)),
        "saliency in colour": inside.saliency(model, x),
        "saliency of a sequence": inside.saliency(sequence, drawn(1, 2, 20)),
        "saliency of a volume": inside.saliency(volume, drawn(1, 1, 4, 6, 8)),
        "saliency of numbers": inside.saliency(nn.Linear(4, 2), drawn(1, 4)),
        "integrated": inside.integrated_gradients(lenet5(), drawn(1, 1, 32, 32), steps=2),
        "cam": inside.cam(model, x),
        "grad-cam": inside.grad_cam(volume, drawn(1, 1, 4, 6, 8)),
        "occlusion of a sequence": inside.occlusion(sequence, drawn(1, 2, 20)),
        "patches": inside.top_patches(model, [x], "conv2", 0),
        "dream in colour": inside.maximise(model, (3, 16, 16), 1, steps=2),
        "dream of a sequence": inside.maximise(sequence, (2, 20), 1, steps=2),
        "classes": inside.unit_classes(model, [(x, labels)], "conv2"),
        "points": inside.embedding(model, [(x, labels)], "conv2"),
        "points of many classes": inside.embedding(
            nn.Sequential(nn.Identity()), [(drawn(30, 4), torch.arange(30))], "0"
        ),
        "points without labels": inside.embedding(model, [x], "conv2"),
        "words": inside.word_scores(Words(), torch.tensor([[1, 2, 0]]), written=[["a $", "b", ""]]),
        "a map's class": inside.saliency(Several(lambda classes, maps: maps), drawn(1, 1, 6, 6), 1),
    }


@pytest.fixture(scope="module")
def results() -> dict[str, inside.FeatureMaps]:
    return _results()


WITHOUT_SCALE = {"points", "points without labels"}  # whose legend names classes


def test_every_result_draws_itself_with_a_legend(results: dict[str, inside.FeatureMaps], tmp_path: Path) -> None:
    for number, (name, result) in enumerate(results.items()):
        figure = result.picture()
        assert isinstance(figure, Figure)
        legends = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
        assert bool(legends) != (name in WITHOUT_SCALE), name
        assert all(axes.get_ylabel() for axes in legends), name
        if number % 5 == 0:
            result.save(tmp_path / f"{number}.png")
            assert (tmp_path / f"{number}.png").stat().st_size > 1000


def test_every_result_has_facts_for_programs(results: dict[str, inside.FeatureMaps]) -> None:
    import json

    for name, result in results.items():
        assert json.loads(json.dumps(result.facts())), name


def test_points_have_a_legend_of_classes(results: dict[str, inside.FeatureMaps]) -> None:
    (axes,) = results["points"].picture().axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0", "1", "2", "3", "4"]


def test_pictures_that_cannot_be_written(tmp_path: Path) -> None:
    found = inside.filters(gap(), "conv1")
    with pytest.raises(InputError, match=r"end its name with \.png"):
        found.save(tmp_path / "picture.txt")
    with pytest.raises(WorkError, match="can't write"):
        found.save(tmp_path / "missing" / "picture.png")
