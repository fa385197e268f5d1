"""A model is left as it was: modes, hooks, gradients, weights, input and random state."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from striate import inside
from striate.errors import InputError
from striate.inside import Unit
from striate.inside.watching import value_of
from tests.inside.models import Foreign, Several, Words, drawn, foreign

X = drawn(4, 3, 16, 16)
LABELS = torch.tensor([0, 1, 2, 1])
FUNCTIONS: dict[str, Callable[[nn.Module], Any]] = {
    "filters": lambda model: inside.filters(model, "first"),
    "maps": lambda model: inside.feature_maps(model, X, "act"),
    "field": lambda model: inside.receptive_field(model, (3, 16, 16), Unit("pool", 0)),
    "deconvnet": lambda model: inside.deconvnet(model, X, Unit("second", 1)),
    "guided": lambda model: inside.guided_backprop(model, X),
    "patches": lambda model: inside.top_patches(model, [X], "second", 1, count=2),
    "saliency": lambda model: inside.saliency(model, X),
    "smooth": lambda model: inside.smooth_grad(model, X, samples=2),
    "integrated": lambda model: inside.integrated_gradients(model, X, steps=2),
    "grad_cam": lambda model: inside.grad_cam(model, X),
    "occlusion": lambda model: inside.occlusion(model, X, window=8),
    "maximise": lambda model: inside.maximise(model, (3, 16, 16), 1, steps=3),
    "classes": lambda model: inside.unit_classes(model, [(X, LABELS)], "second"),
    "embedding": lambda model: inside.embedding(model, [(X, LABELS)], "out"),
}


def _state(model: nn.Module) -> list[object]:
    return [
        [
            (name, module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
            for name, module in model.named_modules()
        ],
        [one.requires_grad for one in model.parameters()],
        [one.grad for one in model.parameters()],
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("training", [True, False])
def test_everything_is_put_back(name: str, training: bool) -> None:
    """Also a mode that only a part of the model is in; a picture is drawn of a module that knows no notation."""
    torch.manual_seed(1)
    model = nn.Sequential(Foreign(), nn.BatchNorm1d(5)).train(training)[0]
    model.pool.train(not training)
    before, weights, x = _state(model), copy.deepcopy(model.state_dict()), X.clone()
    random = torch.get_rng_state()
    FUNCTIONS[name](model).picture()
    assert _state(model) == before
    assert all(torch.equal(weights[key], value) for key, value in model.state_dict().items())
    assert torch.equal(X, x)
    assert torch.equal(torch.get_rng_state(), random)


def test_a_gradient_that_was_there_stays() -> None:
    model = foreign()
    model(X).sum().backward()
    kept = [one.grad.clone() for one in model.parameters()]
    inside.saliency(model, X)
    inside.maximise(model, (3, 16, 16), 1, steps=2)
    assert all(torch.equal(one.grad, before) for one, before in zip(model.parameters(), kept, strict=True))


def test_after_an_error_everything_is_put_back() -> None:
    model = foreign().train()
    before = _state(model)
    with pytest.raises(InputError, match="can't read"):
        inside.grad_cam(model, drawn(1, 3, 9, 9), layer="pool")
    assert _state(model) == before


def test_it_computes_as_in_evaluation() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)).train()
    x = drawn(3, 1, 3, 3)
    scores = inside.saliency(model, x, 1).scores
    assert torch.equal(scores, copy.deepcopy(model).eval()(x)[:, 1].detach())
    assert int(model[2].num_batches_tracked) == 0


def test_a_layer_is_seen_before_an_in_place_relu_changes_it() -> None:
    model = foreign()
    first = model.first(X)
    assert float(first.min()) < 0
    assert torch.equal(inside.feature_maps(model, X, "first").values, first.detach())


def test_of_a_module_that_is_used_again_it_is_the_last_use() -> None:
    model = foreign()
    with torch.no_grad():
        x = model.first(X).relu()
        last = model.pool((model.second(x) + x).relu()).relu()
    assert torch.equal(inside.feature_maps(model, X, "act").values, last)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("frist", "no layer 'frist'; did you mean 'first'?; there are first, second, act, pool, out"),
        ("", "no layer ''"),
    ],
)
def test_unknown_layers_are_refused_with_the_nearest(layer: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        inside.filters(foreign(), layer)


def test_layers_that_give_no_tensor_or_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="layer '0' gives a tuple"):
        value_of(nn.Sequential(nn.LSTM(3, 2)), drawn(1, 4, 3), layer="0")
    model = Several(lambda classes, maps: classes)
    model.spare = nn.Linear(2, 2)
    with pytest.raises(InputError, match="layer 'spare' is not used"):
        value_of(model, drawn(1, 1, 6, 6), layer="spare")


@pytest.mark.parametrize("given", ["text", None])
def test_a_model_that_gives_no_tensors_is_refused(given: object) -> None:
    model = Several(lambda classes, maps: given)
    with pytest.raises(InputError, match="which is no tensor, dictionary or tuple"):
        inside.saliency(model, drawn(1, 1, 6, 6))


@pytest.mark.parametrize(
    ("batches", "message"),
    [([], "there are no examples"), (["text"], "a batch is a tensor"), ([()], "a batch is a tensor")],
)
def test_wrong_batches_are_refused(batches: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        inside.embedding(foreign(), batches, "out")


@pytest.mark.parametrize("name", [one for one in FUNCTIONS if one != "filters"])
@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_it_works_where_gradients_are_off(name: str, off: Callable[[], Any]) -> None:
    model = foreign()
    expected = FUNCTIONS[name](model).facts()
    with off():
        assert FUNCTIONS[name](model).facts() == expected


def test_words_leave_no_trace_either() -> None:
    model = Words().train()
    before = _state(model)
    inside.word_scores(model, torch.tensor([[1, 2, 3]])).picture()
    assert _state(model) == before


def test_two_models_that_share_a_module() -> None:
    """A module inside two others is looked at in the one that is asked for."""
    shared = nn.Linear(9, 4)
    one, two = nn.Sequential(nn.Flatten(), shared), nn.Sequential(nn.Flatten(), shared, nn.ReLU())
    x: Tensor = drawn(2, 1, 3, 3)
    assert torch.equal(value_of(one, x, layer="1"), value_of(two, x, layer="1"))
