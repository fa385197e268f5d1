"""How good joints are: the figures, the floor, the worst images, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.data.joints import body
from striate.data.joints.found import Joined
from striate.metrics.pose import pck, pck_of_each, pck_of_people, pcp, sizes_of
from striate.tasks.figures import known, no_better, percent
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.data.examples import Examples
    from striate.report.section import Section

PLACES, STAGES = "places", "stages"
CLOSE = 0.2  # of a torso: how far off a joint may be (PCK@0.2)
MOST_DRAWN, MOST_PRINTED = 12, 5


@dataclass(frozen=True, eq=False)
class JudgedPoses(Judged):
    """A network's joints beside the true ones; its rows are `stages` (N, S, J, 3) and `places` (N, J, 2).

    Attributes:
        joints: The J names.
        limbs: Which of them are joined.
    """

    joints: tuple[str, ...]
    limbs: tuple[Joined, ...]

    @cached_property
    def truth(self) -> NDArray[np.float32]:
        """(N, J, 2)."""
        made: NDArray[np.float32] = self.rows[PLACES].numpy()
        return made

    @cached_property
    def found(self) -> NDArray[np.float32]:
        """(N, J, 2), of the last stage."""
        made: NDArray[np.float32] = self.rows[STAGES][:, -1, :, :2].numpy()
        return made

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """(N,) of each person."""
        return sizes_of(self.truth, body.torso(self.joints))

    @cached_property
    def of_joints(self) -> NDArray[np.float64]:
        """(J,): PCK of each joint."""
        return pck_of_each(self.found, self.truth, self.sizes, CLOSE)

    @cached_property
    def of_stages(self) -> list[float]:
        """PCK after each stage."""
        stages = self.rows[STAGES][..., :2].numpy()
        return [pck(stages[:, stage], self.truth, self.sizes, CLOSE) for stage in range(stages.shape[1])]

    @cached_property
    def floor(self) -> tuple[float, float]:
        """PCK and PCP of always saying the mean pose."""
        seen = np.isfinite(self.truth)
        mean = np.where(seen, self.truth, 0).sum(0) / seen.sum(0).clip(1)
        constant = np.broadcast_to(mean, self.truth.shape)
        return pck(constant, self.truth, self.sizes, CLOSE), pcp(constant, self.truth, self.limbs)

    @cached_property
    def each(self) -> list[float]:
        """The share of right joints of each image; not a number where none is visible, or its size is unknown."""
        return [float(one) for one in pck_of_people(self.found, self.truth, self.sizes, CLOSE)]

    @property
    def guessing(self) -> str:
        """Whether its poses are no better than the mean pose."""
        return no_better(self.found, "pose", self.figures["pck"], self.floor[0])

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The share of right joints of each image."""
        return {"pck": self.each}

    @property
    def worst(self) -> list[int]:
        """The positions of the images, the worst first."""
        return [int(row) for row in np.argsort(np.nan_to_num(self.each, nan=2.0), kind="stable")]

    def said(self) -> str:
        """The figures in words."""
        limbs = f"PCP {percent(self.figures['pcp'])}; "
        floor = f"always saying the mean pose gets PCK {percent(self.floor[0])}"
        stages = f", after each stage {', '.join(map(percent, self.of_stages))}" if len(self.of_stages) > 1 else ""
        first = f"PCK@{CLOSE:g} {percent(self.figures['pck'])} on {self.amount}"
        return f"{first}{stages} ({limbs}{floor})"

    def in_short(self) -> str:
        """PCK."""
        return percent(self.figures["pck"])

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        joints = zip(self.joints, map(known, self.of_joints), strict=True)
        return {
            "pck": known(self.figures["pck"]),
            "pcp": known(self.figures["pcp"]),
            "mean_pose_pck": known(self.floor[0]),
            "mean_pose_pcp": known(self.floor[1]),
            "stages": [{"stage": number, "pck": known(one)} for number, one in enumerate(self.of_stages, start=1)],
            "loss": self.figures["loss"],
            "examples": len(self.examples),
            "joints": [{"joint": name, "pck": value} for name, value in joints],
            "worst": [
                {"image": self.examples.name(row), "pck": known(self.each[row])} for row in self.worst[:MOST_DRAWN]
            ],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"loss {self.figures['loss']:.4f}"
        yield from self.advice()
        yield ", ".join(f"{name} {percent(one)}" for name, one in zip(self.joints, self.of_joints, strict=True))
        for row in self.worst[:MOST_PRINTED]:
            yield f"worst: {self.examples.name(row)}: {percent(self.each[row])} of the joints"

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import posed

        figures = [percent(self.figures[name]) for name in ("pck", "pcp")]
        floor, stages = [*map(percent, self.floor)], [*map(percent, self.of_stages)]
        return posed.headline(figures, floor, stages, CLOSE, f"{self.name} ({self.amount})")

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Joint by joint, and the worst images with truth and answer side by side."""
        from striate.report import posed

        yield posed.table([*zip(self.joints, map(percent, self.of_joints), strict=True)], CLOSE)
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The worst images, what is there beside what is found."""
        from striate.report import posed
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            image, name = self.examples.take([row])["image"][0].numpy(), inside(self.examples.name(row), root)
            drawn.append(posed.Drawn(image, self.truth[row], self.found[row], name, percent(self.each[row])))
        return posed.worst(drawn, self.joints, self.limbs)
