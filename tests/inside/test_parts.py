"""Filters, receptive fields, patches, made-up inputs, classes of units, points and words."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn import functional as F

from striate import inside
from striate.building import build
from striate.errors import InputError, WorkError
from striate.inside import Regularisers, Unit
from striate.inside.maximising import blurred, total_variation
from striate.notation import measure, read
from striate.zoo import net
from tests.inside.models import Several, Words, close, drawn, foreign, gap, lenet5

# filters and maps


def test_filters_are_the_weights_and_stay_as_they_were() -> None:
    model = foreign()
    found = inside.filters(model, "first")
    assert torch.equal(found.values, model.first.weight)
    with torch.no_grad():
        model.first.weight.zero_()
    assert float(found.values.abs().max()) > 0


def test_filters_of_other_layers() -> None:
    assert inside.filters(foreign(), "out").values.shape == (5, 384)
    up = nn.Sequential(nn.ConvTranspose2d(4, 2, 3))
    assert inside.filters(up, "0").values.shape == (2, 4, 3, 3)
    with pytest.raises(InputError, match="layer 'act' is a ReLU without filters; these have some: first, second, out"):
        inside.filters(foreign(), "act")


# receptive fields


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("lenet5", ["conv1", "conv2", "avgpool2"]),
        ("resnet20", ["basic1.residual1.body.conv2", "first1.residual1.body.conv1"]),
        ("input 3x20x23 -> conv 4@3 stride 2 -> tanh -> maxpool 3 stride 2 pad 1 -> conv 5@3x1 dilate 2", ["conv2"]),
        ("input 1x19x19 -> conv 2@3 pad same -> relu -> maxpool 2 ceil -> conv 2@2", ["maxpool1", "conv2"]),
        ("input 1x12x12 -> maxpool 3 dilate 2 pad 1 -> upconv 2@3 stride 2 -> maxout 2", ["upconv1"]),
        ("input 2x9x9 -> conv 4@3 -> relu6 -> scale[ gap -> fc 4 -> sigmoid ] -> conv 2@1", ["conv1", "conv2"]),
        ("input 1x30 -> conv 2@5 stride 2 -> bn -> relu -> maxpool 3", ["maxpool1"]),
        ("input 1x6x8x9 -> conv 2@3 -> relu -> maxpool 2", ["maxpool1"]),
        ("input 1x10x10 -> conv 4@3 -> relu -> gmp -> fc 3", ["fc1"]),
    ],
)
def test_the_field_by_gradients_is_the_field_by_rule(text: str, layers: list[str]) -> None:
    """At corners, edges and in the middle, whatever the weights are."""
    network = net(text) if "->" not in text else read(text)
    measured, model = measure(network), build(network, "zeros")
    for layer in layers:
        sizes = measured.shape(layer)[1:]
        places = {tuple(size - 1 for size in sizes), tuple(0 for _ in sizes), tuple(size // 3 for size in sizes)}
        for place in places:
            found = inside.receptive_field(model, network.input, Unit(layer, 1, place))
            along = place or (0,) * (len(network.input) - 1)
            expected = [measured.entries(layer, at, axis) for axis, at in enumerate(along)]
            assert [(low, high - 1) for low, high in found.box] == expected, (layer, place)


def test_the_mask_has_holes_where_a_kernel_steps_over_entries() -> None:
    model = build(read("input 1x9x9 -> conv 1@3 dilate 3"))
    mask = inside.receptive_field(model, (1, 9, 9), Unit("conv1", 0, (1, 2))).mask
    assert mask.nonzero().tolist() == [[row, column] for row in (1, 4, 7) for column in (2, 5, 8)]


def test_the_field_of_a_foreign_module() -> None:
    """The first and the second convolution, the skip and the pool: 2 + 2 + 2 entries; channels in groups are told."""
    found = inside.receptive_field(foreign(), (3, 16, 16), Unit("pool", 0, (4, 0)))
    assert found.box == ((6, 12), (0, 4))
    grouped = nn.Sequential(nn.Conv2d(4, 2, 3, groups=2), nn.ReLU())
    assert inside.receptive_field(grouped, (4, 5, 5), Unit("1", 1)).channels == (2, 3)
    assert inside.receptive_field(grouped, (4, 5, 5), Unit("1", 1)).unit.position == (1, 1)


def test_the_field_of_largest_values_by_function_calls() -> None:
    class Largest(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            x = torch.maximum(x[:, :1], x[:, 1:])
            x = F.adaptive_max_pool2d(x, (4, 2)).max(dim=3).values
            return self.last(x.relu_())

    found = inside.receptive_field(Largest(), (2, 8, 8), Unit("last", 0, (1,)))
    assert found.box == ((2, 4), (0, 8))
    assert found.channels == (0, 1)


@pytest.mark.parametrize(
    ("unit", "message"), [(Unit("pool", 9), "no unit 9"), (Unit("pool", 0, (9, 9)), "a position is")]
)
def test_fields_of_what_is_not_there(unit: Unit, message: str) -> None:
    with pytest.raises(InputError, match=message):
        inside.receptive_field(foreign(), (3, 16, 16), unit)


# patches


def test_top_patches_against_a_sort() -> None:
    model, x = foreign(), drawn(20, 3, 16, 16)
    batches = [(x[:7], torch.zeros(7)), (x[7:14], torch.zeros(7)), (x[14:], torch.zeros(6))]
    found = inside.top_patches(model, batches, "second", 2, count=5)
    maps = inside.feature_maps(model, x, "second").values[:, 2]
    best = maps.flatten(1).amax(1).sort(descending=True)
    assert found.examples == tuple(best.indices[:5].tolist())
    assert torch.allclose(torch.tensor(found.values), best.values[:5])
    for example, place, patch, box in zip(found.examples, found.positions, found.patches, found.boxes, strict=True):
        assert maps[example][place] == maps[example].max()
        (top, bottom), (left, right) = box
        assert (top, bottom) == (max(0, place[0] - 2), min(16, place[0] + 3))
        assert torch.equal(patch, x[example, :, top:bottom, left:right])


def test_fewer_examples_than_patches() -> None:
    assert len(inside.top_patches(foreign(), [drawn(2, 3, 16, 16)], "second", 0).patches) == 2
    with pytest.raises(InputError, match="at least 1 patch"):
        inside.top_patches(foreign(), [drawn(2, 3, 16, 16)], "second", 0, count=0)


# activation maximisation


@pytest.mark.parametrize("aim", [1, Unit("second", 2, "all"), Unit("second", 2, (8, 8)), Unit("out", 3)])
def test_the_score_grows(aim: inside.Aim) -> None:
    model = foreign()
    found = inside.maximise(model, (3, 16, 16), aim, steps=40)
    assert found.history[-1] > found.history[0] + 0.1
    assert len(found.history) == 41
    assert torch.equal(found.input, inside.maximise(model, (3, 16, 16), aim, steps=40).input)


def test_a_unit_s_input_changes_its_field_alone() -> None:
    keep = Regularisers(0, 0, 0, 1, 0)
    start = inside.maximise(foreign(), (3, 16, 16), Unit("second", 2, (8, 8)), steps=1, rate=0, keep=keep).input
    found = inside.maximise(foreign(), (3, 16, 16), Unit("second", 2, (8, 8)), steps=10, keep=keep).input
    changed = (found - start).abs().amax(0) > 1e-6
    assert int(changed.sum()) == 25
    assert changed[6:11, 6:11].all()


def test_regularisers_do_what_they_say() -> None:
    none = Regularisers(0, 0, 0, 1, 0)
    made = {
        name: inside.maximise(foreign(), (3, 16, 16), 1, steps=40, keep=keep).input
        for name, keep in {
            "none": none,
            "decay": Regularisers(0.1, 0, 0, 1, 0),
            "variation": Regularisers(0, 5, 0, 1, 0),
            "blur": Regularisers(0, 0, 1, 4, 0),
            "jitter": Regularisers(0, 0, 0, 1, 3),
        }.items()
    }
    assert float(made["decay"].norm()) < 0.7 * float(made["none"].norm())
    assert float(total_variation(made["variation"][None])) < 0.5 * float(total_variation(made["none"][None]))
    assert float(total_variation(made["blur"][None])) < 0.9 * float(total_variation(made["none"][None]))
    assert not torch.equal(made["jitter"], made["none"])


def test_a_blur_keeps_the_mean_of_a_constant_and_is_a_gaussian() -> None:
    assert torch.allclose(blurred(torch.full((1, 2, 7, 9), 3.0), 1.5), torch.tensor(3.0))
    spot = torch.zeros(1, 1, 21, 21)
    spot[0, 0, 10, 10] = 1
    row = blurred(spot, 2.0)[0, 0, 10]
    assert torch.allclose(row[12] / row[10], torch.tensor(-0.5).exp(), atol=1e-4)


# the class that a unit stands for


def test_unit_classes_against_a_loop() -> None:
    model, x = gap(), drawn(30, 3, 16, 16)
    labels = torch.arange(30) % 3
    found = inside.unit_classes(model, [(x[:11], labels[:11]), (x[11:], labels[11:])], "conv2", classes="abc")
    maps = inside.feature_maps(model, x, "conv2").values
    for unit in range(8):
        means = [float(maps[labels == k, unit].mean()) for k in range(3)]
        assert np.allclose(found.means[unit], means, atol=1e-5)
        best = int(np.argmax(means))
        others = (sum(means) - means[best]) / 2
        assert int(found.best[unit]) == best
        assert float(found.selectivity[unit]) == pytest.approx(
            (means[best] - others) / (abs(means[best]) + abs(others)), rel=1e-3
        )
    assert found.counts.tolist() == [10, 10, 10]


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        (None, None, "each batch is a pair"),
        (torch.zeros(4), None, "whole numbers"),
        (torch.tensor([0, 1, 2, 9]), "abc", "a label is 9, and there are 3 classes"),
        (torch.tensor([0, 1, 1, 1]), "abc", "there is none of c"),
        (torch.zeros(4, dtype=torch.long), None, "there is none of another"),
    ],
)
def test_wrong_labels_are_refused(labels: Tensor | None, classes: str | None, message: str) -> None:
    x = drawn(4, 3, 16, 16)
    with pytest.raises(InputError, match=message):
        inside.unit_classes(foreign(), [x if labels is None else (x, labels)], "out", classes=classes)


# points


def test_pca_is_scikit_learn_s_up_to_sign() -> None:
    model, x = foreign(), drawn(12, 3, 16, 16)
    found = inside.embedding(model, [x[:5], x[5:]], "second")
    expected = PCA(2).fit_transform(inside.feature_maps(model, x, "second").values.flatten(1).double().numpy())
    assert np.allclose(found.points.abs().numpy(), np.abs(expected), atol=1e-5)


def test_t_sne_tells_two_heaps_apart_and_a_seed_repeats() -> None:
    x = torch.cat([drawn(15, 6), 20 + drawn(15, 6, seed=1)])
    labels = torch.arange(30) // 15
    one, two = (
        inside.embedding(nn.Sequential(nn.Identity()), [(x, labels)], "0", method="tsne", seed=2) for _ in range(2)
    )
    assert torch.equal(one.points, two.points)
    assert torch.equal(one.labels, labels)
    centres = [one.points[labels == k].mean(0) for k in range(2)]
    nearest = torch.stack([(one.points - centre).norm(dim=1) for centre in centres]).argmin(0)
    assert torch.equal(nearest, labels)


def test_methods_that_are_unknown_or_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = drawn(5, 3, 16, 16)
    with pytest.raises(InputError, match="no method 'pac'; did you mean 'pca'"):
        inside.embedding(foreign(), [x], "out", method="pac")
    with pytest.raises(InputError, match="tsne needs at least 4 examples"):
        inside.embedding(foreign(), [x[:3]], "out", method="tsne")
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(WorkError, match="umap-learn is not installed; `pip install umap-learn`, or take pca"):
        inside.embedding(foreign(), [x], "out", method="umap")


# words


def test_words_by_gradient_times_vector() -> None:
    torch.manual_seed(0)
    model, words = Words(), torch.tensor([[3, 7, 7, 0], [1, 2, 3, 4]])
    found = inside.word_scores(model, words, 1)
    vectors = model.table(words).detach().requires_grad_()
    scores = model.fc((vectors + model.places(torch.arange(4))).tanh().mean(1))[:, 1]
    (slopes,) = torch.autograd.grad(scores.sum(), vectors)
    assert close(found.values, (slopes * vectors).sum(2).detach(), 1e-6)
    assert torch.allclose(found.scores, scores)


def test_words_of_a_network_of_the_notation() -> None:
    """Linear in the vectors, so the values sum to the score without the bias; numbers may come as floats."""
    model = build(read("input 6 -> embed 20x5 -> conv 4@3 nobias -> gap -> fc 3 nobias"), seed=0)
    words = torch.tensor([[4, 9, 1, 0, 2, 2]])
    found = inside.word_scores(model, words, 2)
    assert torch.allclose(found.values.sum(1), found.scores, atol=1e-6)
    assert torch.equal(found.values, inside.word_scores(model, words.float(), 2).values)
    assert found.of(0)[1][0] == "9"


def test_models_without_a_table_have_no_words() -> None:
    with pytest.raises(InputError, match="no table of word vectors"):
        inside.word_scores(nn.Linear(3, 2), torch.ones(1, 3), 1)
    with pytest.raises(InputError, match=r"words are \(N, L\)"):
        inside.word_scores(Words(), torch.ones(3, dtype=torch.long), 1)


# pictures


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
        "points without labels": inside.embedding(model, [x], "conv2"),
        "words": inside.word_scores(Words(), torch.tensor([[1, 2, 0]]), written=[["a $", "b", ""]]),
        "a map's class": inside.saliency(Several(lambda classes, maps: maps), drawn(1, 1, 6, 6), 1),
    }


@pytest.fixture(scope="module")
def results() -> dict[str, inside.FeatureMaps]:
    return _results()


WITHOUT_SCALE = {"points", "points without labels", "dream in colour"}  # a legend of names, no values, colours as such


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
