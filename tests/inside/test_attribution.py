"""Attributions against finite differences, hand-made examples and what they must sum to."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate import inside
from striate.errors import InputError
from striate.inside import Class, Unit
from tests.inside.models import MODELS, Several, close, drawn, foreign, gap, lenet5


@pytest.mark.parametrize("name", MODELS)
def test_saliency_is_the_finite_difference(name: str) -> None:
    make, shape = MODELS[name]
    model, x = make().double().requires_grad_(False), drawn(1, *shape).double()
    found, step = inside.saliency(model, x, 2).values, 1e-6
    chance = torch.Generator().manual_seed(3)
    for place in torch.randint(x.numel(), (12,), generator=chance).tolist():
        moved = torch.zeros_like(x)
        moved.view(-1)[place] = step
        slope = (model(x + moved)[0, 2] - model(x - moved)[0, 2]) / (2 * step)
        assert abs(float(found.view(-1)[place] - slope)) < 1e-6 + 1e-5 * abs(float(slope))


def test_the_map_is_the_largest_size_over_channels() -> None:
    found = inside.saliency(foreign(), drawn(2, 3, 16, 16), 1)
    assert torch.equal(found.map, found.values.abs().amax(1))
    assert found.map.shape == (2, 16, 16)


def test_by_default_it_is_the_most_probable_class_of_each() -> None:
    model, x = foreign(), drawn(4, 3, 16, 16)
    best = model(x).argmax(1)
    assert len(set(best.tolist())) > 1
    found = inside.saliency(model, x)
    assert found.explained == tuple(f"class {one}" for one in best.tolist())
    for row, one in enumerate(best.tolist()):
        assert torch.allclose(found.values[row], inside.saliency(model, x[row : row + 1], one).values[0], atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_integrated_gradients_are_complete(name: str) -> None:
    make, shape = MODELS[name]
    model, x = make().double(), drawn(2, *shape).double()
    coarse, fine = (inside.integrated_gradients(model, x, 1, steps=steps) for steps in (5, 100))
    change = (model(x)[:, 1] - model(torch.zeros_like(x))[:, 1]).detach()
    assert torch.allclose(fine.change, change)
    assert float(fine.error.abs().max()) < 2e-2 * float(change.abs().max())
    assert float(fine.error.abs().sum()) < float(coarse.error.abs().sum()) or float(coarse.error.abs().max()) < 1e-8
    assert torch.equal(fine.error, fine.values.flatten(1).sum(1) - fine.change)


def test_a_baseline_may_be_an_image() -> None:
    model, x = lenet5(), drawn(2, 1, 32, 32)
    assert float(inside.integrated_gradients(model, x, 1, baseline=x).values.abs().max()) == 0
    with pytest.raises(InputError, match=r"a baseline has the input's shape \(2, 1, 32, 32\)"):
        inside.integrated_gradients(model, x, 1, baseline=torch.zeros(3, 5))


def test_smooth_grad_without_noise_is_saliency_and_a_seed_repeats() -> None:
    model, x = foreign(), drawn(2, 3, 16, 16)
    assert torch.allclose(
        inside.smooth_grad(model, x, 1, noise=0).values, inside.saliency(model, x, 1).values, atol=1e-6
    )
    before = torch.get_rng_state()
    one, two = (inside.smooth_grad(model, x, 1, samples=4, seed=3).values for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(one, inside.smooth_grad(model, x, 1, samples=4, seed=4).values)


def _hand_made() -> nn.Sequential:
    """conv 2@3x3 pad 1 -> relu -> maxpool 2 -> conv 1@1x1 -> relu."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1, bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 1, 1, bias=False),
        nn.ReLU(inplace=True),
    )
    model[0].weight.data = drawn(2, 1, 3, 3, seed=1)
    model[3].weight.data = torch.tensor([1.0, -0.2]).view(1, 2, 1, 1)
    return model


def _excited(model: nn.Sequential) -> Tensor:
    return next(x for seed in range(50) if bool((model(x := drawn(1, 1, 4, 4, seed=seed)) > 0).any()))


def test_a_deconvnet_step_by_step() -> None:
    """Transposed filters, switches and rectification written out with PyTorch's inverse functions."""
    model = _hand_made()
    x = _excited(model)
    with torch.no_grad():
        maps = F.conv2d(x, model[0].weight, padding=1).relu()
        pooled, switches = F.max_pool2d(maps, 2, return_indices=True)
        top = F.conv2d(pooled, model[3].weight).relu()
        alone = torch.where(top == top.max(), top, torch.zeros(()))  # all other units are 0
        back = F.conv_transpose2d(alone.relu(), model[3].weight)
        back = F.max_unpool2d(back, switches, 2)
        back = F.conv_transpose2d(back.relu(), model[0].weight, padding=1)
    assert close(inside.deconvnet(model, x, Unit("4", 0)).values, back, 1e-6)


def test_a_guided_step_by_step() -> None:
    model = _hand_made()
    x = _excited(model)
    with torch.no_grad():
        raw = F.conv2d(x, model[0].weight, padding=1)
        pooled, switches = F.max_pool2d(raw.relu(), 2, return_indices=True)
        top = F.conv2d(pooled, model[3].weight).relu()
        back = F.conv_transpose2d((top == top.max()).float(), model[3].weight)
        back = F.max_unpool2d(back, switches, 2).relu() * (raw > 0)
        back = F.conv_transpose2d(back, model[0].weight, padding=1)
    assert close(inside.guided_backprop(model, x, Unit("4", 0)).values, back, 1e-6)


def test_every_relu_is_found_of_modules_used_again_and_of_function_calls() -> None:
    assert inside.guided_backprop(foreign(), drawn(1, 3, 16, 16)).note == "3 ReLUs in the pass"
    calls = Several(lambda classes, maps: classes)
    assert inside.guided_backprop(calls, drawn(1, 1, 6, 6)).note == "1 ReLU in the pass"
    assert "gradient as it is" in inside.guided_backprop(lenet5(), drawn(1, 1, 32, 32)).note


def test_a_whole_channel_has_no_deconvnet() -> None:
    with pytest.raises(InputError, match="projects one unit"):
        inside.deconvnet(foreign(), drawn(1, 3, 16, 16), Unit("pool", 0, "all"))


def test_units() -> None:
    model, x = foreign(), drawn(2, 3, 16, 16)
    maps = inside.feature_maps(model, x, "pool").values
    strongest = inside.saliency(model, x, Unit("pool", 2))
    assert torch.equal(strongest.scores, maps[:, 2].flatten(1).amax(1))
    assert torch.allclose(inside.saliency(model, x, Unit("pool", 2, "all")).scores, maps[:, 2].sum((1, 2)))
    assert torch.equal(inside.saliency(model, x, Unit("pool", 2, (1, 5))).scores, maps[:, 2, 1, 5])
    assert inside.saliency(model, x, Unit("pool", 2, (1, 5))).explained[0] == "pool unit 2 at (1, 5)"
    assert inside.saliency(model, x, Unit("out", 4)).explained[0] == "out unit 4"


FORMS = {
    "a tensor": (lambda classes, maps: classes, ""),
    "a dictionary": (lambda classes, maps: {"classes": classes, "maps": maps}, "classes"),
    "a tuple": (lambda classes, maps: (maps, classes), "1"),
    "with something else": (lambda classes, maps: {"classes": classes, "note": "text"}, ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_outputs_of_any_form(form: str) -> None:
    make, name = FORMS[form]
    torch.manual_seed(0)
    model, x = Several(make), drawn(2, 1, 6, 6)
    plain = Several(FORMS["a tensor"][0])
    plain.load_state_dict(model.state_dict())
    found = inside.saliency(model, x, Class(1, name))
    assert torch.equal(found.values, inside.saliency(plain, x, 1).values)
    assert float(found.values.abs().max()) > 0


def test_an_output_has_to_be_named_where_there_are_several() -> None:
    model = Several(FORMS["a dictionary"][0])
    with pytest.raises(InputError, match="several outputs: name one; there are classes, maps"):
        inside.saliency(model, drawn(1, 1, 6, 6))
    with pytest.raises(InputError, match="no output 'clases'; did you mean 'classes'"):
        inside.saliency(model, drawn(1, 1, 6, 6), Class(0, "clases"))


def test_a_map_is_summed_over_its_region() -> None:
    torch.manual_seed(0)
    model, x = Several(lambda classes, maps: maps), drawn(2, 1, 6, 6)
    region = torch.zeros(4, 4, dtype=torch.bool)
    region[1, 2:] = True
    found = inside.saliency(model, x, Class(1, region=region))
    assert torch.allclose(found.scores, model(x)[:, 1][:, region].sum(1))
    assert torch.allclose(inside.saliency(model, x, 1).scores, model(x)[:, 1].sum((1, 2)))
    seen = found.map[0].nonzero()
    assert seen.min(0).values.tolist() >= [1, 2]
    assert int(seen[:, 0].max()) <= 3
    with pytest.raises(InputError, match=r"a region has the shape of the output's maps, \(4, 4\)"):
        inside.saliency(model, x, Class(1, region=region[:2]))


@pytest.mark.parametrize(
    ("aim", "message"),
    [
        (5, "no class 5: there are 5, numbered from 0"),
        (-1, "no class -1"),
        (Unit("pol", 0), "no layer 'pol'; did you mean 'pool'?"),
        (Unit("pool", 6), "no unit 6: there are 6"),
        (Unit("pool", 0, (8, 0)), r"a position is one of a map of \(8, 8\)"),
        (Unit("pool", 0, (1,)), "a position is one of a map of"),
    ],
)
def test_what_is_not_there_is_refused(aim: inside.Aim, message: str) -> None:
    with pytest.raises(InputError, match=message):
        inside.saliency(foreign(), drawn(1, 3, 16, 16), aim)


def test_wrong_inputs_are_refused() -> None:
    for x in (drawn(1, 4, 16, 16), drawn(1, 3, 15, 11)):
        with pytest.raises(InputError, match="the model can't read an input of shape"):
            inside.saliency(foreign(), x)
    with pytest.raises(InputError, match=r"whole numbers have no gradient; `inside.word_scores`"):
        inside.saliency(foreign(), torch.zeros(1, 3, 16, 16, dtype=torch.long))
    with pytest.raises(InputError, match="at least one example"):
        inside.saliency(foreign(), torch.zeros(0, 3, 16, 16))


def test_a_score_without_a_gradient_is_refused() -> None:
    class Cut(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1).detach()

    with pytest.raises(InputError, match="has no gradient"):
        inside.saliency(Cut(), drawn(1, 1, 3, 3))


def test_a_first_layer_may_work_in_place() -> None:
    model, x = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(9, 2)), drawn(1, 1, 3, 3)
    kept = x.clone()
    assert torch.equal(inside.saliency(model, x, 0).values != 0, x > 0)
    assert torch.equal(x, kept)


def test_gap_networks_have_no_trace_of_the_batch() -> None:
    """Examples are explained one by one: others in the batch change nothing."""
    model, x = gap(), drawn(3, 3, 16, 16)
    assert torch.allclose(
        inside.saliency(model, x, 1).values[1], inside.saliency(model, x[1:2], 1).values[0], atol=1e-6
    )
