"""Vietnamese sentences about photographs of sports: a convolutional network and an LSTM, on what SqueezeNet sees.

Both decoders learn from 2,344 pictures with five captions each, from scratch, on features of SqueezeNet with ImageNet's
weights, which are frozen and computed once; the epoch is chosen by BLEU-4 on the 292 validation pictures, and the 293
test pictures are captioned once, with a beam of 3. BLEU is counted over all captions together, in small letters. The
floor is the training caption that agrees best with those of all training pictures; beside it stand one person's
captions against the other four, and the caption of the nearest training picture by the same features. The pictures are
taken from `$STRIATE_DATA/captions-vi.tar.xz`, the weights from `$STRIATE_DATA/squeezenet`.

    python benchmarks/captions.py [--rows convolutions,lstm] [--seeds 1] [--epochs N] [--out FOLDER] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import torch
from archives import SAFE, stored
from seeds import Row, table

from striate.data.captions import words_of
from striate.metrics.captions import bleu
from striate.tasks.caption import FEATURES
from striate.tasks.captioned import REFERENCES, texts_of

EYES = "squeezenet:163"  # pixels of a side: the photographs have 96


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("captions-vi.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def nearest(run: Any) -> dict[str, float]:
    """BLEU of the first caption of the training picture whose mean features are most alike."""
    _, opened, examples = run.judged_on(None, "skip")
    train, test = (_means(part.columns[FEATURES]) for part in (opened.train, examples))
    rows = (test @ train.T).argmax(1).tolist()
    said = [words_of(texts[0]) for texts in texts_of(opened.train.columns[REFERENCES][rows])]
    people = [[words_of(text) for text in texts] for texts in texts_of(examples.columns[REFERENCES])]
    found = bleu(said, people)
    return {"nearest_bleu1": found[0], "nearest_bleu4": found[3]}


def _means(features: torch.Tensor) -> torch.Tensor:
    """(N, C) of length 1, of (N, views, C, h, w)."""
    return torch.nn.functional.normalize(features[:, 0].float().mean((2, 3)), dim=1)


OPTIONS = {"epochs": 40, "batch": 64, "lr": 0.002, "augment": "mirror", "ema": 0.99, "eyes": EYES}
TOLD: dict[str, Any] = {"figure": "bleu4", "wanted": 42, "floor": "constant_bleu4", "task": "caption", "also": nearest}
MORE = ("bleu1", "distinct", "cider", "human_bleu1", "human_bleu4", "constant_bleu1")
ROWS = {
    "convolutions": Row("conv-caption", unpacked, more=MORE, options=OPTIONS, **TOLD),
    "lstm": Row("attend-and-tell", unpacked, more=MORE, options=OPTIONS, **TOLD),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=1)
