"""The live page: from a stroke to the maps that are drawn for it, in Chromium, with random weights.

Strokes are drawn one after the other; of each, the page itself measures the time from sending the picture to the end of
drawing, and the server the part that the network takes. The first strokes, which warm up, are left out.

    python benchmarks/page.py [--nets lenet5 resnet50 vgg16] [--strokes 20] [--json]
"""

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

import striate as st

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WARM = 3
STATUS = "document.querySelector('#status').textContent"


def rows(nets: list[str], strokes: int) -> Iterator[dict[str, object]]:
    """One for each network."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("there is no Chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=FLAGS)
        for name in nets:
            shape = [side or 224 for side in st.net(name).input]
            with st.see(st.build(name, seed=0).eval(), shape, browser=False) as server:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(server.address)
                page.wait_for_selector("body[data-frame][data-waiting=false]", timeout=120_000)
                times, network = [], []
                box = page.locator("#paper").bounding_box()
                assert box
                for number in range(WARM + strokes):
                    seen = page.get_attribute("body", "data-frame")
                    page.mouse.click(box["x"] + 20 + 10 * number, box["y"] + 40 + 8 * number)
                    page.wait_for_selector(f"body:not([data-frame='{seen}'])[data-waiting=false]", timeout=120_000)
                    times.append(float(page.get_attribute("body", "data-took") or 0))
                    network.append(float(page.evaluate(STATUS).split(", ")[1].split()[0]))
                page.close()
            yield {
                "net": name,
                "input": "x".join(map(str, shape)),
                "stroke to repaint, ms": round(statistics.median(times[WARM:])),
                "least": round(min(times[WARM:])),
                "most": round(max(times[WARM:])),
                "of it the network": round(statistics.median(network[WARM:])),
            }
        browser.close()


def main() -> None:
    """A table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--nets", nargs="+", default=["lenet5", "resnet50", "vgg16"])
    asked.add_argument("--strokes", type=int, default=20)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    made = list(rows(given.nets, given.strokes))
    if given.json:
        print(json.dumps(made))
        return
    print("| " + " | ".join(made[0]) + " |\n" + "|---" * len(made[0]) + "|")
    for row in made:
        print("| " + " | ".join(map(str, row.values())) + " |")


if __name__ == "__main__":
    main()
