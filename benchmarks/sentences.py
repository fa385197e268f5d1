"""Kim (2014): `kim-cnn` with random word vectors on seven sets of sentences, beside a bag of words and the paper.

Sets without a test part are judged by ten folds, as in the paper: each is trained on nine tenths, of which one tenth is
for validation. The floors are always saying the most frequent class, and logistic regression on the words' tf-idf.
The sets are taken from `$STRIATE_DATA/sentences.tar.xz`.

    python benchmarks/sentences.py [--sets MR,TREC] [--folds 10] [--json]
"""

import argparse
import json
import random
import statistics
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archives import SAFE, stored
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import striate as st

EPOCHS = 8
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Set:
    """A set of sentences: its files for training, validation and test, and what CNN-rand reaches in the paper, %."""

    files: tuple[str, ...]
    paper: float


SETS = {
    "MR": Set(("rt-polarity.all",), 76.1),
    "Subj": Set(("subj.all",), 89.6),
    "CR": Set(("custrev.all",), 79.8),
    "MPQA": Set(("mpqa.all",), 83.4),
    "TREC": Set(("TREC.train.all", "", "TREC.test.all"), 91.2),
    "SST-2": Set(("stsa.binary.train", "stsa.binary.dev", "stsa.binary.test"), 82.7),
    "SST-1": Set(("stsa.fine.train", "stsa.fine.dev", "stsa.fine.test"), 45.0),
}


def lines_of(root: Path, name: str) -> list[str]:
    """The lines of a file; one label and a sentence each."""
    if not name:
        return []
    data = (root / name).read_bytes()
    return [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]


def splits(root: Path, one: Set, folds: int) -> Iterator[tuple[list[str], ...]]:
    """Training, validation and test lines: the given ones `folds` times over, or each fold of ten."""
    parts = [lines_of(root, name) for name in one.files]
    if len(parts) > 1:
        yield from [(parts[0], parts[1], parts[2])] * folds
        return
    (whole,) = parts
    random.Random(0).shuffle(whole)
    for fold in range(folds):
        yield (
            [line for n, line in enumerate(whole) if n % 10 != fold],
            [],
            [line for n, line in enumerate(whole) if n % 10 == fold],
        )


def trained(parts: tuple[list[str], ...], seed: int, folder: Path) -> tuple[float, float, float]:
    """Accuracy on the test lines in percent, seconds of the whole training, and of an epoch."""
    for name, lines in zip(PARTS, parts, strict=True):
        if lines:
            (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = st.train("kim-cnn", folder, out=folder / "run", epochs=EPOCHS, seed=seed, quiet=True)
    seconds = [epoch.seconds for epoch in run.history.epochs]
    return 100 * run.test().accuracy, sum(seconds), statistics.median(seconds)


def floors(parts: tuple[list[str], ...]) -> tuple[float, float]:
    """Accuracy in percent of the most frequent class, and of logistic regression on tf-idf."""
    (labels, texts), (true, asked) = (
        zip(*(line.strip().partition(" ")[::2] for line in lines), strict=True)
        for lines in (parts[0] + parts[1], parts[2])
    )
    (most, _), *_ = Counter(labels).most_common(1)
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
    )
    words.fit(texts, labels)
    return 100 * true.count(most) / len(true), 100 * words.score(asked, true)


def judged(root: Path, name: str, folds: int) -> dict[str, object]:
    """A row of the table."""
    rows, below = [], []
    given = len(SETS[name].files) > 1
    for seed, parts in enumerate(splits(root, SETS[name], min(folds, 5) if given else folds)):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(trained(parts, seed, Path(folder)))
        if not given or not below:
            below.append(floors(parts))
        print(f"{name} {seed + 1}: {rows[-1][0]:.1f} % in {rows[-1][1]:.0f} s", file=sys.stderr)
    each = [row[0] for row in rows]
    return {
        "set": name,
        "paper": SETS[name].paper,
        "ours": round(statistics.mean(each), 1),
        "spread": round(statistics.stdev(each), 1) if len(each) > 1 else None,
        "each": [round(one, 1) for one in each],
        "majority": round(statistics.mean(one for one, _ in below), 1),
        "tf-idf": round(statistics.mean(one for _, one in below), 1),
        "seconds": round(statistics.median(row[1] for row in rows), 1),
        "seconds_an_epoch": round(statistics.median(row[2] for row in rows), 1),
    }


def main() -> None:
    """The table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--sets", default=",".join(SETS), help="which sets, by commas")
    asked.add_argument(
        "--folds", type=int, default=10, help="folds of sets without a test part; seeds, 5 at most, of others"
    )
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    archive = stored("sentences.tar.xz")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, **SAFE)
        rows = [judged(Path(folder) / "sentences" / "data", name, given.folds) for name in given.sets.split(",")]
    if given.json:
        print(json.dumps(rows))
        return
    print("| set | majority | tf-idf | Kim's CNN-rand | ours | spread | s a training | s an epoch |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = ("set", "majority", "tf-idf", "paper", "ours", "spread", "seconds", "seconds_an_epoch")
        print("| " + " | ".join(str(row[cell]) for cell in cells) + " |")


if __name__ == "__main__":
    main()
