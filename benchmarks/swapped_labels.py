"""How many of 20 swapped labels among 800 photographs are among the first 40 that `striate data check` names.

The folder holds the first 200 pictures of each of four classes of CIFAR-10's training part, as JPEG files, taken from
`$STRIATE_DATA/cifar10-jpeg.tar.xz`; 20 of them, drawn by the seed, lie in the folder of another class. The head of
SqueezeNet learns from them, above layers that are as `$STRIATE_DATA/squeezenet/squeezenet-v1.0.npz` has them. Of any 40
pictures one would be among the 20.

    python benchmarks/swapped_labels.py [--seeds 3] [--classes airplane,automobile,frog,horse] [--size 128] [--json]
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

from archives import pictures, stored

import striate as st
from striate.checking.labels import likely_wrong

EACH, SWAPPED, FIRST = 200, 20, 40


def swapped(folder: Path, chance: random.Random) -> set[str]:
    """Moves some pictures to the folder of another class; returns their names."""
    classes = sorted(folder.iterdir())
    chosen = chance.sample(sorted(folder.rglob("*.jpg")), SWAPPED)
    for path in chosen:
        other = chance.choice([place for place in classes if place != path.parent])
        path.rename(other / f"{path.parent.name}-{path.name}")
    return {f"{path.parent.name}-{path.name}" for path in chosen}


def main() -> None:
    """Prints how many were found, of each seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classes", default="airplane,automobile,frog,horse")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    weights, found = stored("squeezenet/squeezenet-v1.0.npz"), list[int]()
    how = {"size": asked.size, "epochs": asked.epochs, "weights": weights, "freeze": "all-but-head", "quiet": True}
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as place:
            photos = Path(place) / "photos"
            pictures("train", asked.classes.split(","), slice(EACH), photos)
            wrong = swapped(photos, random.Random(seed))
            run = st.train("squeezenet", photos, seed=seed, out=Path(place) / "run", **how)
            named = [Path(finding.path).name for finding in likely_wrong(run.path, str(photos))]
            found.append(len(wrong.intersection(named[:FIRST])))
            print(f"seed {seed}: {found[-1]} of {SWAPPED}; {len(named)} named in all", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps(found))
        return
    print(
        f"{statistics.mean(found):.1f} of {SWAPPED} among the first {FIRST} ({', '.join(map(str, found))}); chance: 1"
    )


if __name__ == "__main__":
    main()
