"""The work of a transfer: each size in turn, with a bar and previews; Ctrl-C keeps the best picture so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

from striate.data.progress import bar
from striate.errors import WorkError
from striate.styling.aims import Aim, Balance
from striate.styling.descent import Descent
from striate.styling.material import Material
from striate.styling.opening import Chosen
from striate.styling.pictures import fitted, resized
from striate.styling.styled import Styled, write
from striate.training.interrupt import as_exception, uninterrupted
from striate.training.memory import ran_out

STARTS = ("content", "noise")
SECONDS = 5.0  # between two previews
FEWEST = 3  # a large size has so many times fewer steps than the coarsest, at most
CTRL_C = "Ctrl-C"


class Work:
    """A picture from coarse to fine.

    Attributes:
        looks: How often the network looked at it.
    """

    def __init__(self, material: Material, chosen: Chosen, balance: Balance, steps: int, place: Path | None) -> None:
        self.material, self.chosen, self.balance, self.place = material, chosen, balance, place
        self.device = next(chosen.eyes.model.parameters()).device
        self.plan = {side: max(1, steps >> level, steps // FEWEST) for level, side in enumerate(material.longer_sides)}
        self.looks, self.done, self._shown = 0, 0, time.perf_counter()

    def said(self) -> str:
        """The sizes with their steps, in words."""
        return "steps, at most: " + ", ".join(f"{steps} at {side} pixels" for side, steps in self.plan.items())

    def run(self, start: str, seed: int, show: bool) -> str:
        """All sizes; returns what ended it early.

        Raises:
            InputError: A size is too small for the network's layers.
            WorkError: The picture can't be kept, or memory ran out.
        """
        first = self.material.at(min(self.plan)).content
        if start == "noise":
            first = torch.rand(first.shape, generator=torch.Generator().manual_seed(seed))
        self.descent = Descent(first)
        try:
            with as_exception(), bar("style", sum(self.plan.values()), show=show) as advance:
                for side, steps in self.plan.items():
                    self._at(side, steps, advance)
        except KeyboardInterrupt:
            return CTRL_C
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            raise WorkError("not enough memory; take a smaller `size`") from None
        finally:
            self._keep()
        return ""

    def result(self, seconds: float, stopped: str, notes: tuple[str, ...]) -> Styled:
        """What was made."""
        aim = self._aim(max(self.descent.best.shape[1:]))
        with torch.no_grad():
            parts = aim.parts(aim.within(self.descent.best[None].to(self.device)))
        styles = tuple(float(one) for one in parts.styles)
        image = self.material.finished(self.descent.best)
        return Styled(image, float(parts.content), styles, self.looks, seconds, stopped, notes)

    def _aim(self, side: int) -> Aim:
        return Aim.of(self.chosen, self.material.at(side).on(self.device))

    def _at(self, side: int, steps: int, advance: Callable[[int], None]) -> None:
        """One size, from the picture of the one before."""
        aim, before = self._aim(side), self.done
        size = fitted(self.material.content.size, side)
        self.descent = Descent(resized(self.descent.best.clamp(0, 1), size).to(self.device))

        def tell(step: int) -> None:
            self.looks += 1
            advance(before + step - self.done)
            self.done = before + step
            if time.perf_counter() - self._shown > SECONDS:
                self._keep()

        self.descent.run(lambda x: aim.parts(x[None]).total(self.balance), steps, tell)
        advance(before + steps - self.done)
        self.done = before + steps

    def _keep(self) -> None:
        """Write a preview, or the result."""
        self._shown = time.perf_counter()
        if self.place and self.looks:  # else nothing was made
            with uninterrupted():
                write(self.material.finished(self.descent.best), self.place)
