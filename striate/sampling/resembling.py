"""How much pictures that a run made are like real ones, in the eyes of a run that tells their classes apart.

The share that is taken for the class asked for, and the Fréchet distance to real pictures, on what the judge's last
layer with weights reads. The convention: of the test pictures, one half, drawn by seed 0, is the reference, and as many
samples as the other half has pictures, of the same classes, are compared with it; the floor is the distance of the two
halves. All three are of as many pictures, in float64, and none is corrected for their number.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.data.recipe import Recipe, floats
from striate.draws import generator
from striate.errors import InputError
from striate.inside.probing import last_features
from striate.inside.watching import kept, looking
from striate.metrics.frechet import check_enough, frechet
from striate.runs.run import Run
from striate.sampling.samples import Samples, drawing, sampled_as, task_of
from striate.tasks.nearest import in_parts, nearest
from striate.tasks.pictures import IMAGE

AT_ONCE = 500
COMPARED = 500  # samples whose nearest training pictures are looked for
COMPONENTS, MIXED = 60, 50  # principal components of pixels, and normal distributions of them in a mixture
LEARNED = 20_000  # training pictures that the mixture is fitted to


@dataclass(frozen=True)
class Resemblance:
    """Samples beside real pictures.

    Attributes:
        asked_for: The share of the samples that the judge takes for their class.
        judge_accuracy: The share of the reference that it takes for their class.
        frechet: The distance of the samples from one half of the test pictures.
        frechet_floor: That of the other half.
        frechet_mixture: That of samples of a mixture of normal distributions of pixels.
        samples: How many there are.
        features: Of the judge.
        nearest, nearest_of_test: How far samples, and test pictures, are from the nearest training picture: the median
            of the root of the mean squared difference of pixels from 0 to 1.
    """

    asked_for: float
    judge_accuracy: float
    frechet: float
    frechet_floor: float
    frechet_mixture: float
    samples: int
    features: int
    nearest: float
    nearest_of_test: float

    def said(self) -> list[str]:
        """All of it, a line each."""
        times = self.frechet / self.frechet_floor if self.frechet_floor else float("inf")
        return [
            f"taken for the class asked for: {self.asked_for:.2%} of {self.samples:,} samples (of real pictures, "
            f"{self.judge_accuracy:.2%} are taken for theirs)",
            f"Fréchet distance {self.frechet:.3f}, {times:.1f} times that of two halves of the test pictures, "
            f"{self.frechet_floor:.3f}; a Gaussian mixture of pixels gets {self.frechet_mixture:.3f} "
            f"({self.features} features of the judge, {self.samples:,} samples, float64, not corrected for their "
            "number)",
            f"nearest training picture: {self.nearest:.4f} apart in the median; of test pictures "
            f"{self.nearest_of_test:.4f}",
        ]

    def to_json(self) -> dict[str, float]:
        """Its fields."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Judge:
    """A network that tells classes apart, and what its last layer with weights reads."""

    model: nn.Module
    recipe: Recipe
    layer: str

    @staticmethod
    def of(run: Run, classes: tuple[str, ...]) -> Judge:
        """A run's.

        Raises:
            InputError: It is not of the same classes, or reads no pictures.
        """
        named = getattr(run.task, "classes", ())
        if run.recipe is None or tuple(named) != classes:
            raise InputError(
                f"a judge tells the same classes apart, and {run.path} has learned to {run.task.word} others"
            )
        model = run.model()
        return Judge(model, run.recipe, last_features(model, run.recipe(torch.zeros(1, *run.recipe.source))))

    @torch.no_grad()
    def looks(self, pictures: Tensor) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Features (N, D), maps as means over all places, and the class (N,) of pictures (N, C, H, W) uint8."""
        features, answers = [], []
        for part in torch.split(pictures, AT_ONCE):
            with looking(self.model), kept(self.model, [self.layer]) as values:
                answers.append(self.model(self.recipe(part)).flatten(1).argmax(1))
            features.append(
                values[self.layer].flatten(2).mean(2) if values[self.layer].ndim > 2 else values[self.layer]
            )
        return torch.cat(features).double().numpy(), torch.cat(answers).numpy()


def resemblance(
    run: Run,
    judge: Run,
    *,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    engine: str | None = None,
) -> tuple[Resemblance, Samples]:
    """How much samples of a run are like its test pictures, in the eyes of a judge; and the samples.

    Raises:
        InputError: The judge is of other classes, or there are fewer test pictures than features ask for.
    """
    task = task_of(run)
    sees = Judge.of(judge, task.classes)
    _, opened, examples = run.judged_on(None, "skip")
    train, labels = opened.train.sample(), task.class_of_each(examples)
    order = torch.randperm(len(labels), generator=generator(0, "halves"))
    half = len(order) // 2
    ours, reference = order[:half], order[half : 2 * half]
    rows = {"other": ours, "reference": reference}
    halves = {name: examples.take(some.tolist())[IMAGE] for name, some in rows.items()}
    features = {name: sees.looks(images) for name, images in halves.items()}
    check_enough(half, features["other"][0].shape[1])
    samples = sampled_as(run, labels[ours], seed, drawing(steps, guidance), engine)
    made = torch.from_numpy(samples.pictures)
    seen, answers = sees.looks(made)
    against, right = features["reference"]
    mixture = sees.looks(mixture_of(train[IMAGE], half))[0]
    few = torch.linspace(0, half - 1, min(COMPARED, half)).long()
    return Resemblance(
        asked_for=float((answers == samples.labels).mean()),
        judge_accuracy=float((right == labels[reference].numpy()).mean()),
        frechet=frechet(seen, against),
        frechet_floor=frechet(features["other"][0], against),
        frechet_mixture=frechet(mixture, against),
        samples=half,
        features=seen.shape[1],
        nearest=float(nearest(made[few], in_parts(opened.train, IMAGE)).apart.median()),
        nearest_of_test=float(nearest(halves["other"][few], in_parts(opened.train, IMAGE)).apart.median()),
    ), samples


def mixture_of(pictures: Tensor, count: int) -> Tensor:
    """Samples (count, C, H, W) uint8 of a mixture of normal distributions of pictures' principal components."""
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    shape = pictures.shape[1:]
    chosen = torch.linspace(0, len(pictures) - 1, min(LEARNED, len(pictures))).long()
    known = 255 * floats(pictures[chosen]).flatten(1).double().numpy()
    components = PCA(min(COMPONENTS, *known.shape), random_state=0).fit(known)
    mixture = GaussianMixture(min(MIXED, len(known)), max_iter=30, reg_covar=1.0, random_state=0)
    drawn, _ = mixture.fit(components.transform(known)).sample(count)
    pixels = components.inverse_transform(drawn)
    return torch.from_numpy(pixels).clamp(0, 255).round().to(torch.uint8).view(count, *shape)
