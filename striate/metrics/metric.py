"""What is known of a metric besides its values: its name, which way is up, and how it is shown.

>>> Metric("accuracy", counted=True).shown(0.5), Metric("error", up=False, share=False).shown(0.5)
('50.00%', '0.5000')
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

WRITTEN = {
    "iou": "IoU",
    "map": "mAP",
    "f1": "F1",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "cider": "CIDEr",
    **{f"bleu{n}": f"BLEU-{n}" for n in range(1, 5)},
}  # words of names as people write them


@dataclass(frozen=True)
class Metric:
    """A metric of a network on a set of examples.

    Attributes:
        name: As in the history and in JSON: `mean_iou`.
        up: Whether a larger value is better.
        share: Whether it is a fraction from 0 to 1.
        counted: Whether it is the fraction of the examples of which something is true, as accuracy is: chance then
            moves it by its standard error.
        unit: What it is measured in, where it is no fraction.
        wavers: Whether chance moves it about as much as the share of as many examples, as it does BLEU.
    """

    name: str
    up: bool = True
    share: bool = True
    counted: bool = False
    unit: str = ""
    wavers: bool = False

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return " ".join(WRITTEN.get(word, word) for word in self.name.split("_"))

    def shown(self, value: float) -> str:
        """A value as people read it; a dash where there is none."""
        if math.isnan(value):
            return "–"
        if self.unit:
            return f"{value:.2f} {self.unit}"
        return f"{value:.2%}" if self.share else f"{value:.4f}"

    def margin(self, value: float, examples: int | None) -> float:
        """The standard error of a value that is counted (Agresti & Coull 1998: not 0 where all are right) or wavers."""
        if not (self.counted or self.wavers) or examples is None:
            return 0.0
        count = examples + 4
        p = (value * examples + 2) / count
        return math.sqrt(p * (1 - p) / count)

    def rank(self, value: float) -> float:
        """A number that is larger where the value is better."""
        return value if self.up else -value

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Metric:
        """What `to_json` made; entries of another version are ignored."""
        return Metric(
            **{name: value[name] for name in ("name", "up", "share", "counted", "unit", "wavers") if name in value}
        )
