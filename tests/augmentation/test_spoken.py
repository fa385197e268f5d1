"""Words that are changed as voices and clocks change them."""

import pytest
import torch

from striate.augmentation.spoken import Spoken

STILL = {"shift": 0, "bands": 0.0, "stretch": 0.0, "strip": 0}
EMPTY = (0.5, 0.0, -1.0)


def moved(count: int = 64, **changes: float) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.zeros(count, 3, 12, 20) + torch.tensor(EMPTY).view(1, 3, 1, 1)
    images[:, :, 6, 10] += 1
    spoken = Spoken(**{**STILL, **changes}, background=EMPTY)  # type: ignore[arg-type]
    made = spoken.drawn(count, torch.Generator().manual_seed(0)).image(images, torch.arange(count))
    return images, made - torch.tensor(EMPTY).view(1, 3, 1, 1)


def test_nothing_asked_for_is_nothing() -> None:
    images, made = moved()
    torch.testing.assert_close(made + torch.tensor(EMPTY).view(1, 3, 1, 1), images, atol=1e-4, rtol=0)
    assert Spoken(0, 0, 0, 0, EMPTY).written() == ""


@pytest.mark.parametrize(("change", "axis"), [({"shift": 3}, 3), ({"bands": 2.0}, 2)])
def test_it_moves_along_its_axis_alone(change: dict[str, float], axis: int) -> None:
    _, made = moved(**change)
    places = made[:, 0].flatten(1).argmax(1)
    rows, columns = places // 20, places % 20
    still, moving, middle = (rows, columns, 10) if axis == 3 else (columns, rows, 6)
    most = int(next(iter(change.values())))
    assert (still == (6 if axis == 3 else 10)).all()
    assert {int(place) for place in moving} == set(range(middle - most, middle + most + 1))


def test_strips_are_empty() -> None:
    full = Spoken(0, 0.0, 0.0, 4, (0.0,) * 3)
    made = full.drawn(64, torch.Generator().manual_seed(0)).image(torch.ones(64, 3, 12, 20), torch.arange(64))
    silent = (made[:, 0] < 0.5).float()
    rows, columns = (silent.mean(2) == 1).sum(1), (silent.mean(1) == 1).sum(1)
    assert set(rows.tolist()) == set(columns.tolist()) == {0, 1, 2, 3, 4}


def test_an_example_s_changes_depend_on_its_position_alone() -> None:
    spoken, images = Spoken(3, 1.0, 0.2, 3, (0.0,) * 3), torch.rand(6, 3, 12, 20)
    drawn = spoken.drawn(6, torch.Generator().manual_seed(1))
    whole = drawn.image(images, torch.arange(6))
    torch.testing.assert_close(drawn.image(images[4:], torch.tensor([4, 5])), whole[4:])
    assert spoken.written() == "shift:3,cutout:3,stretch:0.2,bands:1"
