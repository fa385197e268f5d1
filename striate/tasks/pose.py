"""Joints of a person: as coordinates and again around each (Toshev & Szegedy 2014), or as maps of heat."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data import lazy
from striate.data.boxes.canvas import placing, read_part_onto
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.joints import EXPECTED, KINDS, TABLE, Posed, PoseSet, body, find
from striate.data.joints.found import Joined
from striate.data.kinds import Image, Points
from striate.data.lazy import Lazy
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.layers.wired import Proposer
from striate.losses.joints import Heat, Stages
from striate.metrics.metric import Metric
from striate.metrics.pose import pck, pcp, sizes_of
from striate.notation import Network, measure
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size
from striate.notation.tree import Shape
from striate.report.posed import drawn_png, with_joints
from striate.tasks.canvas import OnCanvas, canvas_for, channels_of
from striate.tasks.ends import flat, named_outputs
from striate.tasks.pictures import IMAGE, drawn_over
from striate.tasks.posed import CLOSE, PLACES, STAGES, JudgedPoses
from striate.tasks.stages import check_looks
from striate.tasks.task import Answer, Asked, Wish, folder_at
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted
    from striate.tasks.task import Judged

LETTER = "joints"  # of a network's text


@dataclass(frozen=True, kw_only=True)
class Pose(OnCanvas):
    """The joints of the one person in each image.

    Attributes:
        joints: Their names.
        limbs: Which of them are joined.
        heads: What the network gives, the stages in order; set when the network is known.
        maps: Whether it gives a map for each joint; set likewise.
    """

    joints: tuple[str, ...]
    limbs: tuple[Joined, ...] = ()
    heads: tuple[str, ...] = (OUTPUT,)
    maps: bool = False

    word: ClassVar[str] = "pose"
    reads: ClassVar[str] = f"a folder of images with joints: {EXPECTED}"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("pck"), Metric("pcp"))
    proposes: ClassVar[bool] = True
    usual_changes: ClassVar[str] = "mirror,crop,rotate:30,scale:0.25,colour"
    plainest: ClassVar[str] = "joints = 2\nINPUT -> fc 2*joints"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Images with joints; those of COCO's keypoints, which have boxes too, only where poses are asked for."""
        root = folder_at(source)
        if root is None:
            return None
        kinds = tuple(KINDS) if wish.named or like else (TABLE,)
        bad, learned = "refuse" if wish.bad == "refuse" else "skip", like.joints if like else ()
        sure = wish.named or like is not None
        found = find(root, bad=bad, like=learned, kinds=kinds, sure=sure)  # type: ignore[arg-type]
        if found is None:
            return None
        sizes = [one.size for one in found.people]
        canvas, channels = canvas_for(wish.shape, sizes), channels_of(wish.shape)
        task = like or cls(size=canvas, channels=channels, joints=found.names, limbs=found.limbs)
        return task, _opened(task, root, str(source), found, wish.hold_out)

    @property
    def says(self) -> Stages | Heat:
        """What the network's numbers say."""
        count = len(self.joints)
        return Heat(self.size, count) if self.maps else Stages(self.size, count, self.heads)

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of joints."""
        return {LETTER: len(self.joints)}

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """Two numbers for each joint, in each stage, or a map for each in the first."""
        count = len(self.joints)
        (_, first), *again = outputs.items()
        maps = len(flat(first)) == 3 and first[0] == count
        wrong = [(key, shape) for key, shape in (again if maps else outputs.items()) if flat(shape) != (2 * count,)]
        if not wrong:
            return ""
        ends = f"{count} joints take fc {2 * count}, or a map for each: conv {count}@1"
        stages = "; a stage that looks again is a head with roialign, of 2*joints too" if len(outputs) > 1 else ""
        return f"gives {shown(wrong[0][1])} as {wrong[0][0]}, and {ends}{stages}"

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas, and in what form it says where joints are."""
        made = super().fit(network, opened, recipe, size)
        outputs = named_outputs(measure(made.network, made.shape))
        if len(outputs) > 1:
            check_looks(made.network, tuple(outputs)[1:])
        task = dataclasses.replace(made.task, heads=tuple(outputs), maps=_gives_maps(outputs))  # type: ignore[call-arg]
        return dataclasses.replace(made, task=task)

    @property
    def proposer(self) -> Proposer | None:
        """In stages the boxes are around what the stage before says."""
        return self.says.propose if isinstance(self.says, Stages) else None

    # what is made small, and what is measured

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Of each stage, or of the maps."""
        return self.says.loss(outputs, targets[PLACES])

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Where each stage finds joints (N, stages, J, 3), and where they are (N, J, 2)."""
        return {STAGES: self.says.found(outputs).cpu(), PLACES: targets[PLACES]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """The shares of joints within a fifth of the torso, and of limbs both of whose ends are right (strict)."""
        found, truth = rows[STAGES][:, -1, :, :2].numpy(), rows[PLACES].numpy()
        sizes = sizes_of(truth, body.torso(self.joints))
        return {"pck": pck(found, truth, sizes, CLOSE), "pcp": pcp(found, truth, self.limbs)}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on images with joints."""
        return JudgedPoses(name, examples, rows, figures, self.unit, self.joints, self.limbs)

    def meaning(self) -> tuple[Any, ...]:
        """The joints, the form of the answer, and what is read."""
        return *self.joints, self.maps, self.size, self.channels

    def over(self, picture: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """With its joints."""
        places = targets[PLACES].numpy()
        return drawn_over(picture, lambda image: with_joints(image, places, self.joints, self.limbs))

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The joints of the person in each image, drawn on it."""
        found = self.says.found(outputs)[:, -1].cpu().numpy()
        each = zip(asked.names, asked.inputs, found, strict=True)
        return [self._answer(path, fields[IMAGE][0].numpy(), one) for path, fields, one in each]

    def _answer(self, path: str, image: NDArray[np.uint8], found: NDArray[np.float32]) -> Answer:
        height, width = image.shape[1:]
        places = placing((height, width), self.size).points_back(found[:, :2]).clip(0, [width - 1, height - 1])
        rows = zip(self.joints, places.tolist(), found[:, 2].tolist(), strict=True)
        told = [
            {"name": name, "x": round(x, 1), "y": round(y, 1), "probability": None if chance != chance else chance}
            for name, (x, y), chance in rows
        ]
        said = ", ".join(f"{one['name']} {one['x']:g}, {one['y']:g}" for one in told)
        return Answer(path, said, {"joints": told}, {"": drawn_png(image, places, self.joints, self.limbs)})


def _gives_maps(outputs: Mapping[str, Shape]) -> bool:
    return outputs.keys() == {OUTPUT} and len(flat(outputs[OUTPUT])) == 3


def _opened(task: Pose, root: Path, source: str, found: PoseSet, hold_out: bool) -> Opened:
    parts, decided = with_test({part: found.of(part) for part in PARTS}, lambda one: one.image, root, hold_out)
    hold = len(found.people) * task.channels * task.size[0] * task.size[1] <= lazy.MEMORY
    tables = {part: _table(people, task, hold) for part, people in parts.items() if people}
    schema = Schema({IMAGE: Image()}, {PLACES: Points(task.size, body.pairs(task.joints))})
    return opened_in(root, source, schema, tables, found, decided)


def _table(people: Sequence[Posed], task: Pose, hold: bool) -> Table:
    """The images on the canvas, in memory or in their files, and their joints."""
    paths = tuple(str(one.image) for one in people)
    read = partial(read_part_onto, channels=task.channels, canvas=task.size)
    pictures = Lazy(paths, read, (task.channels, *task.size), tuple((one.image, one.box) for one in people))
    corners = [np.array(one.box[:2], np.float32) for one in people]
    places = [
        placing(one.size, task.size).points_there(one.places - corner)
        for one, corner in zip(people, corners, strict=True)
    ]
    columns: dict[str, Any] = {PLACES: torch.from_numpy(np.stack(places))}
    return Table({IMAGE: pictures.hold() if hold else pictures, **columns}, paths)
