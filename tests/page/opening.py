"""Pages in a real browser, opened from the disk, for tests: what they compute, and that they ask for no other file."""

import base64
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = list[tuple[float, float]]
REMEMBER = """async () => {
  const { InPage } = await import("inpage.js"), look = InPage.prototype.look
  InPage.prototype.look = function (...given) { window.shown = this; return look.apply(this, given) }
}"""
DRAW = """(points) => {
  const paper = document.querySelector("#paper"), box = paper.getBoundingClientRect()
  const at = (kind, [x, y], buttons) => paper.dispatchEvent(new PointerEvent(kind,
    { pointerId: 1, clientX: box.left + x, clientY: box.top + y, buttons, bubbles: true }))
  at("pointerdown", points[0], 1)
  for (const point of points) at("pointermove", point, 1)
  at("pointerup", points[0], 0)
}"""
TOOLS = """
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const numbersOf = (text) => new Float32Array(bytesOf(text).buffer)
  const textOf = (numbers) => {
    const bytes = new Uint8Array(numbers.slice().buffer)
    let text = ""
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return btoa(text)
  }
  const { engine } = window.shown
"""


class Shown:
    """A page that is open."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def settled(self) -> None:
        """Waits until what is on the paper is answered."""
        self.page.wait_for_selector("body[data-frame][data-waiting=false]")

    def numbers(self, code: str, *given: NDArray[np.float32]) -> NDArray[np.float32]:
        """What code in the page gives for arrays `a`, `b`, …: float32, one after another."""
        names = "abcdef"[: len(given)]
        taken = "".join(f"const {name} = numbersOf(given[{i}]);" for i, name in enumerate(names))
        texts = [base64.b64encode(np.ascontiguousarray(one, np.float32).tobytes()).decode() for one in given]
        found = self.page.evaluate(
            f"async (given) => {{ {TOOLS} {taken} return textOf(await (async () => {{ {code} }})()) }}", texts
        )
        return np.frombuffer(base64.b64decode(found), np.float32)

    def outputs(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, entries) of inputs (N, …), those of classes that were not added yet included."""
        code = """
          const { read, entries } = engine.layout, made = new Float32Array((a.length / read) * entries)
          for (let i = 0; i * read < a.length; i += 32)
            made.set(engine.evaluate(a.subarray(i * read, Math.min(a.length, (i + 32) * read))), i * entries)
          return made"""
        parts = [self.numbers(code, inputs[i : i + 1000]) for i in range(0, len(inputs), 1000)]
        return np.concatenate(parts).reshape(len(inputs), -1)

    def draw(self, points: Points) -> None:
        """One line of the pen."""
        self.page.evaluate(DRAW, points)
        self.settled()

    def teach(self, rng: random.Random, count: int) -> None:
        """Examples of a new sign."""
        self.page.select_option("#sign", "")
        self.page.fill("#sign-name", "star")
        for number in range(count):
            self.draw(star(rng))
            self.page.click("#add")
            self.page.wait_for_selector(f"#examples:has-text('star: {number + 1}')")

    def answered(self) -> str:
        """The first of the answers."""
        return str(self.page.locator("#answer li").first.inner_text()).split()[0]

    def learn(self) -> None:
        """The steps of one press of the button."""
        self.page.evaluate("document.querySelector('#learned').textContent = ''")
        self.page.click("#learn")
        self.page.wait_for_selector("#learned:has-text('steps')")
        self.settled()


@contextmanager
def shown(browser: Any, path: Path, **how: Any) -> Iterator[Shown]:
    """A page of the disk; it must not complain, and asks for no other file."""
    context, complaints, asked = browser.new_context(**how), list[str](), list[str]()
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    context.set_offline(True)
    page.goto(path.as_uri())
    page.evaluate(REMEMBER)
    made = Shown(page)
    made.settled()
    page.click("#clear")
    page.wait_for_function("window.shown")
    made.settled()
    yield made
    context.close()
    assert not complaints
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]


def star(rng: random.Random) -> Points:
    """A star as a hand draws it, in one line."""
    x, y, size, turn = (rng.uniform(*ends) for ends in ((125, 155), (125, 155), (70, 110), (-1.8, -1.4)))
    corners = [turn + number * 4 * math.pi / 5 for number in range(5)]
    points = [
        (x + size * math.cos(a) + rng.uniform(-6, 6), y + size * math.sin(a) + rng.uniform(-6, 6)) for a in corners
    ]
    return [*points, points[0]]
