"""The README's pictures, and the sample image that it predicts. Run by `make pictures`.

`report.png` is a photograph of a real report, for which a Chromium is looked for; without one that picture stays.

>>> seven().size, seven().getextrema()
((160, 160), (20, 255))
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from rich.console import Console

import striate as st

PICTURES = Path(__file__).with_name("pictures")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WINDOW = (1100, 1250)  # pixels of the report that are shown
COLOURS = 64  # of a picture saved as PNG: it stays small
STROKE = ((48, 44), (80, 41), (112, 42), (104, 62), (92, 88), (80, 124))  # of the seven, in pixels
FINE = 4  # times larger while drawing, for smooth edges


def seven() -> Image.Image:
    """A seven as one draws it: dark pen, white paper, 160×160, grey."""
    image = Image.new("L", (160 * FINE, 160 * FINE), 255)
    pen, points, half = ImageDraw.Draw(image), [(x * FINE, y * FINE) for x, y in STROKE], 5.5 * FINE
    pen.line(points, fill=20, width=int(2 * half), joint="curve")
    for x, y in points:
        pen.ellipse((x - half, y - half, x + half, y + half), fill=20)
    return image.resize((160, 160), Image.Resampling.BOX)


class Folded(Console):
    """Folds the long lines that a terminal would fold by itself."""

    def print(self, *words: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """As rich's, but for `soft_wrap`."""
        super().print(*words, **options)


def explanation() -> str:
    """What `striate explain lenet5` prints, as SVG."""
    console = Folded(record=True, width=92, file=io.StringIO())
    st.explain("lenet5").show(console)
    return console.export_svg(title="striate explain lenet5", unique_id="explain")


def network() -> str:
    """What `striate explain kim-cnn --picture` draws."""
    return st.explain("kim-cnn").picture().svg


def report(place: Path) -> None:
    """A picture of the report of the README's first training, written to `place`."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"{place.name} stays as it is: there is none of {', '.join(BROWSERS)} to draw it", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        run = st.train("lenet5", "digits", epochs=30, out=Path(folder) / "lenet5-digits-1")
        size = ",".join(map(str, WINDOW))
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
        ]
        shot = Path(folder) / "report.png"
        page = (run.path / "report.html").as_uri()
        subprocess.run([browser, *options, f"--window-size={size}", f"--screenshot={shot}", page], check=True)
        Image.open(shot).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(place, optimize=True)


if __name__ == "__main__":
    seven().save(PICTURES / "seven.png", optimize=True)
    (PICTURES / "explain.svg").write_text(explanation(), encoding="utf-8")
    (PICTURES / "network.svg").write_text(network(), encoding="utf-8")
    report(PICTURES / "report.png")
