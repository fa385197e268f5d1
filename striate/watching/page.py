"""The page of a training: it is begun, told what happens, and ended; the training does not depend on it."""

from __future__ import annotations

import threading
import time
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from torch import Tensor

from striate.errors import WorkError
from striate.report.images import planes
from striate.serving import Server
from striate.serving.server import checked_port
from striate.training.fields import Fields
from striate.training.history import History
from striate.training.moment import Moment
from striate.training.progress import Quiet
from striate.watching.application import Application
from striate.watching.scene import LAYERS, Scene

OFTEN = 0.5  # seconds between two looks at the running epoch
FILTERS = 1.0  # … and at the filters, unless
SHARE = 100  # times as long as a look took have not passed: looks take a hundredth of the time
GONE = (
    100.0  # seconds without a question after which nobody looks any more; browsers let hidden pages ask once a minute
)

Weights = Callable[[], Mapping[str, Tensor]]


class Page:
    """What a training is seen on.

    Args:
        say: Is given a line for the user.
        browser: Whether the browser is opened.
        port: Where it is served; 0 for a free one.

    Attributes:
        server: What serves it; None before it is begun, and where it can't be served.

    Raises:
        InputError: There is no such port.
    """

    def __init__(self, say: Callable[[str], None], browser: bool = True, port: int = 0) -> None:
        self.say, self.browser, self.port = say, browser, checked_port(port)
        self.scene: Scene | None = None
        self.server: Server | None = None
        self.application: Application | None = None

    def begin(self, scene: Scene) -> None:
        """Serve the page; where that is not possible, one line says so and the training goes on."""
        self.scene, self.application = scene, Application(scene)
        try:
            self.server = Server(self.application, port=self.port).start()
        except WorkError as error:
            self.say(f"the training can't be seen: {error}")
            return
        opened = self.browser and webbrowser.open(self.server.address)
        self.say(f"seen at {self.server.address}" + ("" if opened else "; open it in a browser"))

    def around(self, bar: Quiet, weights: Weights) -> Quiet:
        """What shows the training on the page too; `weights` gives the network's tensors by name."""
        return bar if self.scene is None or self.server is None else Seen(bar, self.scene, weights)

    def end(self, said: Sequence[str], report: Path | None = None) -> None:
        """Show how the training ended."""
        if self.scene:
            self.scene.report, self.scene.said = report, tuple(said)

    def wait(self) -> None:
        """Serve the page for as long as somebody looks."""
        if self._looked_at():
            self.say("the page is served until it is closed; Ctrl-C ends it now")
            while self._looked_at():
                time.sleep(OFTEN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """While the program goes on, serve the page until its end was shown and nobody looks any more."""
        if self.server:
            self.say("the page is served until it is closed, or the program ends")
            threading.Thread(target=self._stop_unseen, daemon=True).start()  # the program's end does not wait for it

    def _stop_unseen(self) -> None:
        left = time.monotonic()
        while self._looked_at() or time.monotonic() - left < GONE:  # a browser may still be starting
            time.sleep(OFTEN)
        self.stop()

    def _looked_at(self) -> bool:
        return self.application is not None and self.application.idle < GONE

    def stop(self) -> None:
        """End the server."""
        if self.server:
            self.server.stop()


class Seen(Quiet):
    """Passes what happens on to a bar, and puts it into the scene.

    Args:
        bar: What shows it on standard error.
        scene: What the page shows.
        weights: Gives the network's tensors by name.
    """

    def __init__(self, bar: Quiet, scene: Scene, weights: Weights) -> None:
        self.bar, self.scene, self.weights = bar, scene, weights
        self.told = self.pictured = self.took = 0.0

    def __enter__(self) -> Seen:
        self.bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.__exit__(*error)

    def batch(self, now: Moment) -> None:
        """Now and then, what the running epoch has come to."""
        self.bar.batch(now)
        clock = time.monotonic()
        if clock - self.told >= OFTEN:
            self.told, self.scene.now = clock, now
            if clock - self.pictured >= max(FILTERS, SHARE * self.took):
                self._picture()

    def looked(self, done: int, count: int) -> None:
        """How far the look at the validation set is."""
        self.bar.looked(done, count)

    def measured(self, rows: Fields) -> None:
        """How the validation examples were answered."""
        self.bar.measured(rows)
        self.scene.rows = rows

    def epoch(self, history: History) -> None:
        """An epoch that is done."""
        self.bar.epoch(history)
        self.scene.history = history
        if time.monotonic() - self.pictured >= SHARE * self.took:
            self._picture()

    def _picture(self) -> None:
        began = time.monotonic()
        kernels = {
            name: one for name, one in self.weights().items() if one.dim() in (3, 4, 5) and one[0, 0].numel() > 1
        }
        some = list(kernels.items())[:LAYERS]
        self.scene.copies += 1
        self.scene.filters = {name.rpartition(".")[0]: planes(one.float().numpy()) for name, one in some}
        self.pictured = time.monotonic()
        self.took = self.pictured - began
