"""Training in the page of LeNet-5: images a second in Chromium, and how long it takes to learn an eleventh class.

The page is opened from the disk. Ten stars are drawn as a hand would, and learned with one press of the button; what
the ten digits lose is measured on MNIST's 10,000 test digits, what is won on 20 other stars.

    python benchmarks/in_page.py [--rounds 5] [--json]
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import striate as st
from striate import data
from tests.page.browsing import BROWSER, FLAGS
from tests.page.opening import Shown, shown, star

STARS, OTHERS = 10, 20


def teach(page: Shown, rng: random.Random) -> float:
    """The seconds of learning ten stars."""
    page.teach(rng, STARS)
    began = time.perf_counter()
    page.learn()
    return time.perf_counter() - began


def recognised(page: Shown, rng: random.Random) -> float:
    """The share of other stars that are answered as such."""
    right = 0
    for _ in range(OTHERS):
        page.page.click("#clear")
        page.draw(star(rng))
        right += page.answered() == "star"
    return right / OTHERS


def measured(browser: Any, file: Path, run: st.Run, seed: int) -> dict[str, float]:
    """One round, in a fresh page."""
    test, rng = data.load("mnist").test, random.Random(seed)
    assert test is not None
    assert run.recipe is not None
    inputs, labels = run.recipe(test.images).numpy(), test.labels.numpy()
    with shown(browser, file) as page:
        before = (page.outputs(inputs).argmax(1) == labels).mean()
        seconds = teach(page, rng)
        after = (page.outputs(inputs).argmax(1) == labels).mean()
        speed = float(page.page.locator("#lessons").get_attribute("data-speed"))
        stars = recognised(page, rng)
    return {
        "images a second": speed,
        "seconds": seconds,
        "points lost": 100 * float(before - after),
        "stars": 100 * stars,
    }


def main() -> None:
    """Measures and prints."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--json", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as started:
        run = st.train("lenet5", "mnist", epochs=1, seed=0, out=Path(place) / "run", quiet=True)
        file = st.save_page(run, Path(place) / "page.html")
        size = file.stat().st_size
        browser = started.chromium.launch(executable_path=BROWSER, args=FLAGS)
        rounds = [measured(browser, file, run, seed) for seed in range(asked.rounds)]
        about = f"Chromium {browser.version}, {platform.machine()}, {asked.rounds} rounds"
        browser.close()
    if asked.json:
        print(json.dumps({"about": about, "bytes": size, "rounds": rounds}))
        return
    print(f"{about}; the page has {size / 1000:,.0f} kB")
    for name in rounds[0]:
        values = sorted(one[name] for one in rounds)
        print(f"{name:>16}: {statistics.median(values):10,.2f}   ({values[0]:,.2f} to {values[-1]:,.2f})")


if __name__ == "__main__":
    main()
