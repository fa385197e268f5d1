"""What a field of an example is: images and masks move alike, and nothing else moves."""

import pytest
import torch
from torch import Tensor

from striate.data.kinds import IGNORED, Image, Kind, Label, Labels, Mask, Moved, Number, Tokens

STILL = [Label(10), Labels(4), Number(2), Tokens(99)]


class Noted(Moved):
    """Moves by one, and tells what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[object, ...]] = []

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        self.given.append(("image", rows.tolist()))
        return images + 1

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        self.given.append(("mask", rows.tolist(), ignored))
        return masks + 1


@pytest.mark.parametrize("kind", [Image(), Mask(3), Mask(3, ignored=7), *STILL], ids=repr)
def test_only_what_lies_on_the_image_moves(kind: Kind) -> None:
    by, values, rows = Noted(), torch.zeros(2, 4, dtype=torch.int64), torch.tensor([5, 1])
    moved = kind.moved(values, by, rows)
    assert torch.equal(moved, values + 1) is kind.moves
    asked = {Image: ("image", [5, 1]), Mask: ("mask", [5, 1], getattr(kind, "ignored", None))}
    assert by.given == ([asked[type(kind)]] if kind.moves else [])


def test_what_is_ignored_is_beyond_any_class() -> None:
    assert Mask(3).ignored == IGNORED == 255
    assert [kind.moves for kind in (Image(), Mask(2), *STILL)] == [True, True, False, False, False, False]
