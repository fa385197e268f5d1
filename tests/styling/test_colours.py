"""Colours: chroma that stays, moments that match."""

import numpy as np
import pytest
import torch

from striate.errors import InputError
from striate.styling.colours import check_varied, chroma, colours_like, luminance, luminance_like, with_luminance
from striate.styling.pictures import as_image


def picture(seed: int, size: int = 24) -> torch.Tensor:
    """(3, H, W) with correlated colours."""
    chance = np.random.default_rng(seed)
    mixed = np.tensordot(chance.random((3, 3)), chance.random((3, size, size)), axes=1)
    return torch.from_numpy((mixed / mixed.max()).astype(np.float32))


@pytest.mark.parametrize("seed", range(3))
def test_chroma_stays_at_any_luminance(seed: int) -> None:
    content, light = picture(seed), picture(seed + 10)[:1] * 3 - 1  # luminances that no colour has, too
    made = with_luminance(light, content)
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    torch.testing.assert_close(chroma(made), chroma(content), atol=1e-6, rtol=0)
    bytes_of = np.asarray(as_image(made), np.float64).transpose(2, 0, 1) / 255
    apart = chroma(torch.from_numpy(bytes_of)) - chroma(content)
    assert float(apart.abs().max()) <= 0.5001 / 255  # the rounding of its three colours


def test_luminance_is_taken_where_a_colour_has_it() -> None:
    content = torch.full((3, 2, 2), 0.5)
    assert luminance(with_luminance(torch.full((1, 2, 2), 0.8), content)).flatten().tolist() == pytest.approx([0.8] * 4)


def test_chroma_is_that_of_jpeg() -> None:
    content = picture(0)
    wanted = np.asarray(as_image(content).convert("YCbCr"), np.float64)[..., 1:].transpose(2, 0, 1)
    found = 255 * chroma(torch.from_numpy(np.asarray(as_image(content), np.float64).transpose(2, 0, 1) / 255)) + 128
    assert np.abs(found.numpy() - wanted).max() < 1.01  # Pillow's are whole numbers


def test_moments_of_colours_match() -> None:
    style, content = picture(1), picture(2, 31)
    rows, wanted = (one.flatten(1).double().numpy() for one in (colours_like(style, content), content))
    np.testing.assert_allclose(rows.mean(1), wanted.mean(1), atol=1e-6)
    np.testing.assert_allclose(np.cov(rows, ddof=0), np.cov(wanted, ddof=0), atol=1e-4)


def test_a_grey_style_gets_colours_without_noise() -> None:
    grey = picture(1)[:1].expand(3, -1, -1)
    made = colours_like(grey, picture(2))
    assert made.isfinite().all()
    assert made.abs().max() < 3


def test_moments_of_luminance_match() -> None:
    style, content = picture(1), picture(2)
    made, wanted = luminance_like(style, content), luminance(content)
    assert (float(made.mean()), float(made.std())) == pytest.approx(
        (float(wanted.mean()), float(wanted.std())), rel=1e-4
    )


def test_one_colour_is_no_style() -> None:
    with pytest.raises(InputError, match=r"style a\.png is of one colour"):
        check_varied(torch.full((3, 4, 4), 0.3), "style a.png")
    check_varied(picture(0), "style")
