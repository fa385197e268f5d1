"""A page in a real browser, for tests."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
INK = 127  # of 255: the pixels that are drawn
STROKES = """(strokes) => {
  const paper = document.querySelector("#paper"), box = paper.getBoundingClientRect()
  const at = (kind, x, y, buttons) => paper.dispatchEvent(new PointerEvent(kind,
    { pointerId: 1, clientX: box.left + x, clientY: box.top + y, buttons, bubbles: true }))
  for (const [first, end, y] of strokes) {
    at("pointerdown", first, y, 1)
    at("pointermove", end, y, 1)
    at("pointerup", end, y, 0)
  }
}"""


def settled(page: Any) -> None:
    """Waits until what is on the paper is answered."""
    page.wait_for_selector("body[data-frame][data-waiting=false]")


def strokes(pixels: NDArray[np.uint8]) -> list[tuple[float, float, float]]:
    """A stroke through each row of dark pixels: from x to x at y, on the paper."""
    found, scale = [], 280 / 28
    for row, line in enumerate(pixels > INK):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
        for first, end in edges.reshape(-1, 2).tolist():
            found.append(((first + 0.5) * scale, (end - 0.5) * scale, (row + 0.5) * scale))
    return found


def draw(page: Any, pixels: NDArray[np.uint8]) -> None:
    """As the mouse would draw them, and at once."""
    page.click("#clear")
    page.evaluate(STROKES, strokes(pixels))
    settled(page)


def serious(page: Any) -> list[str]:
    """What axe-core calls serious or critical: the rule and the first places."""
    if not AXE.is_file():  # `make front` fetches it
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { preload: false })")["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
