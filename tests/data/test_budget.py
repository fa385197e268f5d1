import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import image
from striate.data.budget import Budget

PEAK = """
import resource, sys
from pathlib import Path
from striate.data.image import decode, extent, header
from striate.data.reading import LONGEST

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

path, small = Path(sys.argv[1]), Path(sys.argv[2])

def read(path):
    if header(path).deep:
        extent(path)
    decode(path, channels=3, size=(32, 32))
    decode(path, channels=1, longest=LONGEST)

read(small)
before = peak()
read(path)
print(peak() - before)
"""


def test_no_more_than_the_limit_is_held_at_once() -> None:
    budget, most = Budget(100), []

    def work(amount: int) -> None:
        with budget.held(amount):
            most.append(budget.used)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [60, 50, 40, 30, 20, 10] * 50))
    assert max(most) <= 100
    assert budget.used == 0


def test_more_than_the_limit_is_held_alone() -> None:
    budget = Budget(100)
    started, done = threading.Event(), threading.Event()

    def large() -> None:
        started.set()
        with budget.held(500):
            assert budget.used == 500
        done.set()

    with budget.held(1):
        thread = threading.Thread(target=large)
        thread.start()
        assert started.wait(10)
        assert not done.wait(0.05)
    assert done.wait(10)
    thread.join()


def test_what_fails_inside_gives_its_bytes_back() -> None:
    budget = Budget(100)
    with pytest.raises(KeyError), budget.held(60):
        raise KeyError
    assert budget.used == 0


def test_large_images_wait_for_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budget, most = Budget(600_000), []
    monkeypatch.setattr(image, "IN_FLIGHT", budget)
    loaded = image._loaded
    monkeypatch.setattr(image, "_loaded", lambda *args: (most.append(budget.used), loaded(*args))[1])
    Image.new("RGB", (300, 400)).save(tmp_path / "a.png")  # 480,000 bytes in memory
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: image.decode(tmp_path / "a.png", channels=1, size=(4, 4)), range(12)))
    assert set(most) == {480_000}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak is in other units")
@pytest.mark.parametrize(("mode", "num_bytes"), [("L", 1), ("P", 1), ("RGB", 4), ("LA", 4), ("I;16", 2)])
def test_the_peak_is_about_the_image_itself(tmp_path: Path, mode: str, num_bytes: int) -> None:
    side = 8000 if num_bytes == 1 else 4000
    if mode == "I;16":
        large = Image.fromarray(np.full((side, side), 40000, np.uint16))
    else:
        large = Image.new(mode, (side, side), 200 if mode in ("L", "P") else (200,) * len(mode))
    large.save(tmp_path / "a.png", compress_level=1)
    large.crop((0, 0, 1500, 1500)).save(tmp_path / "small.png")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "a.png"), str(tmp_path / "small.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 2.5 * side * side * num_bytes
