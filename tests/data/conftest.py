"""No test of this folder reaches the network or the user's own cache and data."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import fetch

REAL = os.environ.get("STRIATE_DATA")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test alone; $STRIATE_DATA is not set."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(fetch, "user_cache_dir", lambda _: str(folder))
    monkeypatch.setattr(fetch, "BASES", dict.fromkeys(fetch.BASES, "http://127.0.0.1:9/"))
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real data sets, under $STRIATE_DATA."""
    if not REAL:
        pytest.skip("STRIATE_DATA is not set")
    monkeypatch.setenv("STRIATE_DATA", REAL)
    return Path(REAL)


@pytest.fixture
def draw() -> Callable[..., Path]:
    """Writes an image file with a number of its own at a path, and gives the path back."""

    def write(path: Path, number: int = 0, size: tuple[int, int] = (12, 10), mode: str = "RGB") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(number)
        image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8)).convert(mode)
        image.save(path)
        return path

    return write


@pytest.fixture
def classes(tmp_path: Path, draw: Callable[..., Path]) -> Path:
    """A folder with twenty images of cats and ten of dogs, 12 wide and 10 high, in colour."""
    root = tmp_path / "pets"
    for name, count in (("cat", 20), ("dog", 10)):
        for i in range(count):
            draw(root / name / f"{i:02}.png", hash((name == "cat", i)) % 1000)
    return root
