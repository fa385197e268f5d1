"""Filters, patches, made-up inputs, classes of units, points and words."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor, nn

from striate import inside
from striate.building import build
from striate.errors import InputError, WorkError
from striate.inside import Regularisers, Unit
from striate.inside.maximising import blurred, total_variation
from striate.notation import read
from tests.inside.models import Words, close, drawn, foreign, gap

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


def test_points_are_by_default_of_what_the_last_layer_reads() -> None:
    model, x = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2), nn.Softmax(1)), drawn(8, 6)
    found = inside.embedding(model, [x])
    assert found.layer == "2"
    assert torch.equal(found.points, inside.embedding(model, [x], "2").points)
    with pytest.raises(InputError, match="no layer comes before the last one with weights"):
        inside.embedding(nn.Linear(6, 2), [x])


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
