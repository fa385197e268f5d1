"""Real ImageNet weights on photographs: our SqueezeNet names what they show, and its features tell them apart.

Needs `squeezenet/squeezenet-v1.0.npz` under $STRIATE_DATA; the photographs come with scikit-image.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Tensor, nn

import striate as st
from striate.errors import InputError

WEIGHTS = Path(os.environ.get("STRIATE_DATA", "")) / "squeezenet" / "squeezenet-v1.0.npz"
pytestmark = pytest.mark.skipif(not WEIGHTS.is_file(), reason=f"no {WEIGHTS} under $STRIATE_DATA")

MEAN = torch.tensor([104.0, 117.0, 123.0]).view(3, 1, 1)  # of blue, green and red, 0..255
SIDE, CROP = 256, 227
SHIFTS = {"middle": (14, 14), "corner": (0, 0), "other corner": (28, 28)}
PHOTOGRAPHS: dict[str, tuple[Callable[[], object], set[int]]] = {  # with ImageNet's classes that name what it shows
    "cat": (data.chelsea, {281, 282, 283, 284, 285}),  # tabby, tiger cat, Persian, Siamese, Egyptian cat
    "coffee": (data.coffee, {504, 967, 968}),  # coffee mug, espresso, cup
    "rocket": (data.rocket, {657, 744, 812}),  # missile, projectile, space shuttle
    "cameraman": (data.camera, {872}),  # tripod
    "motorcycle": (lambda: data.stereo_motorcycle()[0], {665, 670}),  # moped, motor scooter
}


@pytest.fixture(scope="module")
def model() -> nn.Module:
    model = st.build(st.net("squeezenet")).eval()
    loaded = st.load_weights(model, WEIGHTS)
    assert loaded.matched == 52
    assert loaded.skipped == ()
    assert "SqueezeNet" in loaded.layout
    return model


def views(name: str) -> dict[str, Tensor]:
    """Crops of a photograph of shorter side 256, and the middle one mirrored: (3, 227, 227), BGR less the mean."""
    image = Image.fromarray(np.asarray(PHOTOGRAPHS[name][0]())).convert("RGB")
    factor = SIDE / min(image.size)
    image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1).flip(0) - MEAN
    left, top = (pixels.shape[2] - SIDE) // 2, (pixels.shape[1] - SIDE) // 2
    crops = {
        view: pixels[:, top + down : top + down + CROP, left + right : left + right + CROP]
        for view, (down, right) in SHIFTS.items()
    }
    return {**crops, "mirrored": crops["middle"].flip(2)}


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_named_among_the_first_five(model: nn.Module, name: str) -> None:
    with torch.inference_mode():
        scores = model(torch.stack(list(views(name).values()))).flatten(1)
    for view, score in zip(views(name), scores, strict=True):
        assert PHOTOGRAPHS[name][1] & set(score.topk(5).indices.tolist()), view


def test_cat_and_coffee_come_first(model: nn.Module) -> None:
    with torch.inference_mode():
        cat, coffee = model(torch.stack([views("cat")["middle"], views("coffee")["middle"]])).flatten(1).argmax(1)
    assert (int(cat), int(coffee)) == (285, 967)  # Egyptian cat, espresso


def test_views_of_one_photograph_lie_nearer_than_other_photographs(model: nn.Module) -> None:
    """By the angle between the means of the last fire module's maps, each view against all others."""
    found: list[Tensor] = []
    hook = model.get_submodule("fire8").register_forward_hook(lambda _m, _x, y: found.append(y.mean(dim=(2, 3))))
    with torch.inference_mode():
        for name in PHOTOGRAPHS:
            model(torch.stack(list(views(name).values())))
    hook.remove()
    features = nn.functional.normalize(torch.cat(found), dim=1)
    owner = torch.arange(len(PHOTOGRAPHS)).repeat_interleave(4)
    alike, same = features @ features.T, owner[:, None] == owner
    for view in range(len(features)):
        assert alike[view][same[view]].min() > alike[view][~same[view]].max(), view


def test_another_network_refuses_them() -> None:
    other = st.build(st.net("squeezenet", classes=10))
    before = [parameter.clone() for parameter in other.parameters()]
    with pytest.raises(InputError, match=r"'conv_final.weight' of shape 1000x512x1x1, the network's 'conv2.weight'"):
        st.load_weights(other, WEIGHTS)
    assert all(torch.equal(a, b) for a, b in zip(before, other.parameters(), strict=True))
