"""Making pictures of a class: what is learned from, how pictures are drawn, and that a critic's gradient is turned."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

import striate as st
from striate.augmentation.coins import normal
from striate.tasks.coded import MEAN, PICTURE, SPREAD, VARIANCE, Coded, Told
from striate.tasks.generate import CLASSLESS, VELOCITY, Generate, Noised
from striate.tasks.generated import MADE, as_bytes
from striate.tasks.generating import Drawing, as_maps, scaled, seeds_for
from striate.tasks.nearest import nearest
from striate.tasks.opposed import FAKE, REAL, Opposed, turn_gradient
from striate.tasks.walking import between, mixed
from striate.training.fields import OUTPUT

CLASSES = ("a", "b", "c")
FLOW = Generate(CLASSES, 1, (4, 4))


def fields(count: int) -> dict[str, torch.Tensor]:
    images = torch.randint(256, (count, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return {"image": images, "label": torch.arange(count) % 3}


def test_a_picture_is_where_the_direction_leads() -> None:
    given = fields(40)
    inputs, targets = Noised(3)(given, torch.arange(40) + 5, True)
    maps, time = inputs["image"], inputs["image"][:, 1:2]
    assert maps.shape == (40, 1 + 1 + 3, 4, 4)
    assert (time.flatten(1).amax(1) == time.flatten(1).amin(1)).all()
    assert torch.allclose(maps[:, :1] + (1 - time) * targets[VELOCITY], scaled(given["image"]), atol=1e-5)
    noise = scaled(given["image"]) - targets[VELOCITY]
    assert torch.allclose(maps[:, :1] - time * targets[VELOCITY], noise, atol=1e-5)


def test_the_class_is_left_out_for_a_tenth_of_what_is_learned_and_nowhere_else() -> None:
    given, seeds = fields(6000), torch.arange(6000)
    told = Noised(3)(given, seeds, True)[0]["image"][:, 2:, 0, 0]
    known = told.sum(1) > 0
    assert 1 - known.float().mean() == pytest.approx(CLASSLESS, abs=0.015)
    assert (told.argmax(1) == given["label"])[known].all()
    judged = Noised(3)(given, seeds, False)[0]
    assert (judged["image"][:, 2:, 0, 0].sum(1) == 1).all()
    assert judged["first"].tolist()[:3] == [True, False, False]


def test_what_is_drawn_depends_on_the_examples_number_alone() -> None:
    given, seeds = fields(6), torch.tensor([7, 1, 9, 4, 2, 8])
    whole, _ = Noised(3)(given, seeds, True)
    part, _ = Noised(3)({name: values[2:4] for name, values in given.items()}, seeds[2:4], True)
    assert torch.equal(whole["image"][2:4], part["image"])


def test_a_flow_towards_one_picture_ends_there() -> None:
    """All paths lead straight to c: the direction at x and t is (c - x) / (1 - t)."""
    goal = torch.linspace(-1, 1, 16).view(1, 1, 4, 4)

    def net(inputs: Any) -> Any:
        maps = inputs["image"]
        return {OUTPUT: (goal - maps[:, :1]) / (1 - maps[:, 1:2])}

    noise = normal(seeds_for(0, 5), (1, 4, 4))
    for steps in (1, 3, 12):
        made = FLOW.drawn(net, noise, torch.zeros(5, 3), Drawing(steps))
        assert torch.allclose(made, goal.expand_as(made), atol=1e-4)


def test_heun_is_exact_where_directions_change_evenly_but_for_the_last_step() -> None:
    """dx/dt = t; the last step, whose end has no direction, is Euler's."""

    def net(inputs: Any) -> Any:
        return {OUTPUT: inputs["image"][:, 1:2]}

    made = FLOW.drawn(net, torch.zeros(1, 1, 4, 4), torch.zeros(1, 3), Drawing(4))
    assert made.flatten()[0] == pytest.approx(0.75**2 / 2 + 0.25 * 0.75)


def test_guidance_goes_on_from_no_class_over_the_class() -> None:
    def net(inputs: Any) -> Any:
        told = inputs["image"][:, 2:].sum(1, keepdim=True)  # 1 with a class, 0 without
        return {OUTPUT: 1 + told}

    ends = {
        guidance: FLOW.drawn(net, torch.zeros(1, 1, 4, 4), torch.eye(3)[:1], Drawing(2, guidance))
        for guidance in (0, 1, 2.5)
    }
    assert [round(float(made.mean()), 5) for made in ends.values()] == [1.0, 2.0, 3.5]


def test_the_loss_of_a_code_is_the_evidence_bound() -> None:
    task, chance = Coded(CLASSES, 1, (4, 4)), torch.Generator().manual_seed(0)
    mean, spread = torch.randn(5, 1, 2, 2, generator=chance), torch.rand(5, 1, 2, 2, generator=chance) + 0.1
    made, picture = torch.randn(5, 1, 4, 4, generator=chance), torch.randn(5, 1, 4, 4, generator=chance)
    parts = task.loss({MEAN: mean, SPREAD: spread, MADE: made}, {PICTURE: picture})
    divergence = kl_divergence(Normal(mean, spread), Normal(0.0, 1.0)).sum((1, 2, 3)).mean() / 16
    density = Normal(made, VARIANCE**0.5).log_prob(picture).mean() - Normal(0.0, VARIANCE**0.5).log_prob(torch.zeros(1))
    assert parts["code"] == pytest.approx(float(divergence), rel=1e-5)
    assert parts["picture"] == pytest.approx(-float(density), rel=1e-5)


def test_a_picture_is_made_of_the_code_that_is_the_noise() -> None:
    """Whatever the network says of an empty picture, the code is the normal number."""
    task = Coded(CLASSES, 1, (4, 4))

    def net(inputs: Any) -> Any:
        maps = inputs["image"]
        mean, spread = 3 + maps[:, 2:3, ::2, ::2], torch.full((len(maps), 1, 2, 2), 0.2)
        code = mean + spread * maps[:, 1:2, ::2, ::2]
        return {MEAN: mean, SPREAD: spread, MADE: code.repeat_interleave(2, 2).repeat_interleave(2, 3)}

    noise = normal(seeds_for(0, 3), (1, 4, 4))
    made = task.drawn(net, noise, torch.eye(3))
    assert torch.allclose(made[:, :, ::2, ::2], noise[:, :, ::2, ::2], atol=1e-5)


def test_a_critics_gradient_is_turned_into_the_generators() -> None:
    """One pass against two: the critic's loss on pictures apart from the generator, and the generator's through it."""
    torch.manual_seed(0)
    generator, critic = nn.Linear(3, 16), nn.Sequential(nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1))
    noise, real = torch.randn(6, 3), torch.randn(6, 16)
    task = Opposed(CLASSES, 1, (4, 4))

    made = generator(noise)
    outputs = {MADE: made, REAL: critic(real), FAKE: critic(made)}
    ours = torch.autograd.grad(
        torch.stack([*task.loss(outputs, {PICTURE: real}).values()]).sum(),
        [*generator.parameters(), *critic.parameters()],
    )
    made = generator(noise)
    of_critic = F.softplus(-critic(real)).mean() + F.softplus(critic(made.detach())).mean()
    of_generator = F.softplus(-critic(made)).mean()
    theirs = [
        *torch.autograd.grad(of_generator, [*generator.parameters()]),
        *torch.autograd.grad(of_critic, [*critic.parameters()]),
    ]
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(ours, theirs, strict=True))


def test_a_critic_that_is_sure_gives_finite_gradients() -> None:
    made = torch.ones(2, 1, 2, 2, requires_grad=True)
    also = made * 1
    turn_gradient(also, torch.tensor([[-200.0], [200.0]]))
    also.sum().backward()  # type: ignore[no-untyped-call]
    assert made.grad is not None
    assert torch.isfinite(made.grad).all()


def test_the_distance_of_epochs_is_0_for_the_same_pictures_in_another_order() -> None:
    task, some = Opposed(CLASSES, 1, (4, 4)), torch.randn(30, 1, 4, 4)
    empty = torch.empty(0, 1, 4, 4, dtype=torch.uint8)
    for other, wanted in ((some.flip(0), 0.0), (some + 1, None)):
        rows = task.rows({MADE: other, "made now": empty}, {PICTURE: some})
        figure = task.figures(rows)["distance"]
        assert figure == pytest.approx(wanted, abs=1e-6) if wanted is not None else figure > 0.1


def test_noise_and_class_are_maps_beside_the_picture() -> None:
    inputs, targets = Told(3)(fields(4), torch.arange(4), True)
    assert inputs["image"].shape == (4, 5, 4, 4)
    assert torch.equal(inputs["image"][:, :1], targets[PICTURE])
    maps = as_maps(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 1, 1), 0.5), torch.tensor([[0.0, 0.25, 0.75]]))
    assert maps[0, :, 0, 0].tolist() == [0, 0.5, 0, 0.25, 0.75]


def test_the_nearest_is_found_among_many() -> None:
    chance = np.random.default_rng(0)
    known, made = (torch.from_numpy(chance.integers(0, 256, (n, 3, 5, 4), np.uint8)) for n in (30, 4))
    found = nearest(made, known.split(7))
    apart = np.sqrt((((made.numpy()[:, None] / 255.0) - known.numpy()[None] / 255.0) ** 2).mean((2, 3, 4)))
    assert found.apart.numpy() == pytest.approx(apart.min(1), rel=1e-3)
    assert torch.equal(found.pictures, known[apart.argmin(1)])


def test_a_walk_stays_as_far_from_0_as_its_ends_and_goes_over_between_classes() -> None:
    first, last = torch.eye(2)[:, None, None, :].unbind(0)
    points = between(5 * first[None], 5 * last[None], 9)
    assert points.flatten(1).norm(dim=1).numpy() == pytest.approx(np.full(9, 5.0))
    same = between(first[None], first[None], 3)
    assert torch.allclose(same, first[None].expand(3, -1, -1, -1))
    assert mixed(torch.eye(3)[:1], torch.eye(3)[2:], 3).tolist() == [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]


def test_bytes_are_whole_and_within() -> None:
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(as_bytes(scaled(images)), images)
    assert as_bytes(torch.tensor([-9.0, 9.0])).tolist() == [0, 255]


WRONG = [
    ("input 1x8x8 -> conv 1@3 pad 1", "reads 1x8x8, and to make pictures of digits takes 12x8x8"),
    (
        "input 12x8x8 -> conv 2@3 pad 1",
        "gives 2x8x8, and pictures of digits are 1x8x8; end it with conv colours@3 pad 1",
    ),
    ("input 12x8x8 -> heads[ mean: conv 1@1 | made: conv 1@1 ]", "take the heads mean (1 map), spread"),
    ("input 12x8x8 -> heads[ mean: conv 1@3 | spread: conv 1@3 | made: conv 1@1 ]", "a whole number of times its rows"),
    ("input 12x8x8 -> heads[ made: conv 2@1 | real: fc 1 | fake: fc 1 ]", "pictures of 1x8x8 take the heads made"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_networks_that_do_not_fit_are_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(st.InputError) as error:
        st.train(text, "digits", task="generate", out=tmp_path / "run", quiet=True)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_options_that_are_not_for_it_are_refused(tmp_path: Path) -> None:
    how: dict[str, Any] = {"task": "generate", "out": tmp_path / "run", "quiet": True}
    net = "input 12x8x8 -> conv 1@3 pad 1"
    for changed, told in (
        ({"augment": "mirror"}, "would learn their changes"),
        ({"size": 16}, "in the size of those that are learned from"),
        ({"loss": "l1"}, "has one loss"),
    ):
        with pytest.raises(st.InputError, match=told):
            st.train(net, "digits", **how, **changed)


def test_signals_are_no_pictures(tmp_path: Path) -> None:
    np.savez(tmp_path / "some.npz", x=np.zeros((12, 1, 9), np.float32), y=np.arange(12) % 2)
    with pytest.raises(st.InputError, match="generate makes pictures, grey or RGB; some has examples of 1x9"):
        st.train(
            "input 4x9 -> conv 1@3 pad 1", tmp_path / "some.npz", task="generate", out=tmp_path / "run", quiet=True
        )
