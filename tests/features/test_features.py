"""What all features keep to, and what is said when one is not there."""

import builtins
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from striate.errors import InputError
from striate.features import FEATURES, Feature, feature, sift
from striate.features.picture import save, sheet


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 20, 13), (1, 28, 28), (3, 64, 64)])
def test_rows_are_numbers_the_same_each_time(name: str, shape: tuple[int, ...]) -> None:
    images = torch.rand(3, *shape, generator=torch.Generator().manual_seed(0))
    rows = FEATURES[name].rows(images)
    assert rows.dim() == 2
    assert len(rows) == 3
    assert rows.dtype == torch.float32
    assert rows.isfinite().all()
    assert torch.equal(rows, FEATURES[name].rows(images))
    assert torch.allclose(rows[1:2], FEATURES[name].rows(images[1:2]), atol=1e-5), "an image's row is its own"


@pytest.mark.parametrize("name", FEATURES)
def test_an_empty_image_is_described_and_drawn(name: str) -> None:
    assert FEATURES[name].rows(torch.zeros(1, 1, 28, 28)).isfinite().all()
    FEATURES[name].draw(Figure().subplots(), torch.zeros(1, 28, 28))


@pytest.mark.parametrize("name", FEATURES)
def test_a_picture_of_it(name: str, tmp_path: Path) -> None:
    images = torch.rand(5, 3, 20, 16, generator=torch.Generator().manual_seed(0))
    figure = sheet(FEATURES[name], images, ["$x_1$", "b", "c", "d", "e" * 50])
    assert [axes.get_title() for axes in figure.axes[::2]] == ["$x_1$", "b", "c", "d", "e" * 16]
    save(figure, tmp_path / "features.png")
    with Image.open(tmp_path / "features.png") as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50, "something is drawn"


def test_sift_sees_the_side_on_which_the_ink_is() -> None:
    images = torch.zeros(2, 1, 28, 28)
    images[0, 0, 8:20, 4:8], images[1, 0, 8:20, 20:24] = 1, 1
    left, right = sift.rows(images).reshape(2, 3, 3, 128).norm(dim=3)
    assert left[1, 0] > 0.9
    assert torch.allclose(left, right.flip(1), atol=0.1)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert feature("HOG").name == "hog"
    with pytest.raises(InputError, match="no feature 'sobbel'; did you mean 'sobel'"):
        feature("sobbel")


@pytest.mark.parametrize("name", ["hog", "sift"])
def test_a_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    missing, find = FEATURES[name].needs, util.find_spec
    monkeypatch.setattr("striate.features.base.find_spec", lambda module: None if module == missing else find(module))
    with pytest.raises(InputError, match=r'not installed; pip install "striate\[baseline\]"') as told:
        feature(name)
    assert told.value.exit_status == 2
    assert feature("surf").name == "surf"


def test_the_table_needs_none_of_the_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".")[0] in ("skimage", "cv2"):
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in ("raw", "sobel", "robinson", "surf"):
        found: Feature = feature(name)
        found.rows(torch.rand(1, 1, 12, 12))
