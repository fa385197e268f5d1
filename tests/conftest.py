"""A run on the digits, digits as image files, and a small folder of photographs of nothing."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from striate import data
from striate.runs.run import Run
from striate.runs.training import train
from tests import written
from tests.drawn_once import DrawnOnce
from tests.page.browsing import BROWSER, FLAGS

DRAWING = ("tests/report/", "tests/page/", "tests/test_readme.py")  # they look at the pictures
SMALL = "input 1x8x8 -> conv 12@3x3 -> relu -> fc 10"


@pytest.fixture(autouse=True, scope="module")
def pictures_drawn_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Trainings in tests of something else, and for a module of them, do not draw what another has drawn."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.nodeid.startswith(DRAWING):
            patch.setattr("striate.report.svg.Figure", DrawnOnce)
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three epochs on the digits. Not to be changed."""
    return train(SMALL, "digits", epochs=3, lr=0.01, out=tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """What drives browsers; there can be one in a process."""
    with pytest.importorskip("playwright.sync_api", reason="there is no Playwright").sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Any) -> Iterator[Any]:
    """The browser."""
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def drawn(tmp_path: Path) -> list[tuple[Path, str]]:
    """The first 30 test digits as PNG files, bit for bit, with what they show."""
    test = data.load("digits").test
    assert test is not None
    found = []
    for number in range(30):
        path = tmp_path / "drawn" / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(test.images[number, 0].numpy()).save(path)
        found.append((path, str(int(test.labels[number]))))
    return found


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Three classes of 16x12 images, 14 of each: mostly red, mostly green, mostly blue."""
    return written.colours(tmp_path / "colours", ("red", "green", "blue"), 14)


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """An archive of arrays (count, *shape) of three classes, told apart by their mean."""

    def made(*shape: int, count: int = 90) -> Path:
        generator = np.random.default_rng(1)
        y = np.arange(count) % 3
        x = generator.standard_normal((count, *shape)).astype(np.float32)
        x += y.reshape(-1, *(1,) * len(shape)).astype(np.float32) * 2
        path = tmp_path / f"arrays{len(shape)}.npz"
        np.savez(path, x=x, y=y)
        return path

    return made


@pytest.fixture(scope="module")
def context() -> Iterator[Any]:
    """Children that need not import torch again. One thread here and there: another number gives other bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        made = multiprocessing.get_context("forkserver")
        made.set_forkserver_preload(["striate.runs.training", "torch._dynamo"])  # which optimisers ask for
        process = made.Process(target=time.sleep, args=(0,))
        process.start()
        process.join()
        yield made
    torch.set_num_threads(threads)
