"""PSNR and SSIM against scikit-image's."""

import numpy as np
import pytest

from striate.metrics.pictures import psnr, ssim

METRICS = pytest.importorskip("skimage.metrics")


@pytest.mark.parametrize("shape", [(1, 11, 11), (1, 40, 33), (3, 25, 60)])
@pytest.mark.parametrize("spread", [0.02, 0.3])
def test_they_are_scikit_image_s(shape: tuple[int, ...], spread: float) -> None:
    chance = np.random.default_rng(len(shape) + shape[1])
    a = chance.random(shape)
    b = np.clip(a + spread * chance.standard_normal(shape), 0, 1)
    assert psnr(a, b) == pytest.approx(METRICS.peak_signal_noise_ratio(a, b, data_range=1), abs=1e-9)
    theirs = METRICS.structural_similarity(
        a, b, data_range=1, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim(a, b) == pytest.approx(theirs, abs=1e-9)


def test_equal_and_tiny_pictures() -> None:
    one = np.full((1, 1, 1), 0.5)
    assert psnr(one, one) == pytest.approx(100)
    assert ssim(one, one) == pytest.approx(1)
    assert ssim(np.zeros((3, 4, 5)), np.ones((3, 4, 5))) == pytest.approx(0, abs=1e-3)
