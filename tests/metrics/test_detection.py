"""Average precision against pycocotools, and against VOC's rules written out."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.metrics.detection import Curve, Detections, Objects, coco, iou_of, voc

CLASSES = 3


def drawn(seed: int, hard: bool = False, crowd: bool = False) -> tuple[list[Detections], list[Objects]]:
    """Images with objects, of which most are found about where they are, some twice, and false ones among them."""
    chance, found, truth = np.random.default_rng(seed), [], []
    for _ in range(int(chance.integers(1, 9))):
        count = int(chance.integers(0, 8))
        corners = chance.uniform(0, 80, (count, 2))
        places = np.concatenate([corners, corners + chance.uniform(4, 40, (count, 2))], 1)
        kinds = chance.integers(0, CLASSES, count)
        aside = chance.random(count) < 0.3
        truth.append(Objects(places, kinds, aside if hard else None, aside if crowd else None))
        near = np.repeat(places, 2, 0) + chance.normal(0, 3, (2 * count, 4))
        far = chance.uniform(0, 80, (int(chance.integers(0, 130)), 2))
        boxes = np.concatenate([near, np.concatenate([far, far + chance.uniform(4, 40, far.shape)], 1)])
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        classes = np.concatenate([np.repeat(kinds, 2), chance.integers(0, CLASSES, len(far))])
        found.append(Detections(boxes, classes, chance.permutation(len(boxes)) / max(1, len(boxes))))
    return found, truth


def by_pycocotools(found: list[Detections], truth: list[Objects]) -> tuple[float, float]:
    """mAP and mAP50 as COCO's own code counts them; not a number without objects."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    annotations: list[dict[str, Any]] = []
    for image, one in enumerate(truth):
        each = zip(one.boxes.tolist(), one.classes.tolist(), one.aside.tolist(), strict=True)
        for (left, top, right, bottom), kind, aside in each:
            box, area = [left, top, right - left, bottom - top], (right - left) * (bottom - top)
            more = {"image_id": image, "category_id": kind, "iscrowd": int(aside), "area": area}
            annotations.append({"id": len(annotations) + 1, "bbox": box, **more})
    results = [
        {"image_id": image, "category_id": kind, "bbox": [left, top, right - left, bottom - top], "score": score}
        for image, one in enumerate(found)
        for (left, top, right, bottom), kind, score in zip(
            one.boxes.tolist(), one.classes.tolist(), one.scores.tolist(), strict=True
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = {
            "images": [{"id": image} for image in range(len(truth))],
            "categories": [{"id": kind} for kind in range(CLASSES)],
            "annotations": annotations,
        }
        known.createIndex()
        judged = COCOeval(known, known.loadRes(results), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    whole, half = (float(value) for value in judged.stats[:2])
    return (whole, half) if whole >= 0 else (float("nan"), float("nan"))


@pytest.mark.parametrize("crowd", [False, True])
@pytest.mark.parametrize("seed", range(50))
def test_it_is_pycocotools_average_precision(seed: int, crowd: bool) -> None:
    pytest.importorskip("pycocotools", reason="there is no pycocotools")
    found, truth = drawn(seed, crowd=crowd)
    if not any(len(one.boxes) for one in found):
        pytest.skip("pycocotools takes no empty answers")
    scores, (whole, half) = coco(found, truth, CLASSES), by_pycocotools(found, truth)
    assert scores.map == pytest.approx(whole, abs=1e-6, nan_ok=True)
    assert scores.map50 == pytest.approx(half, abs=1e-6, nan_ok=True)


def by_voc(found: list[Detections], truth: list[Objects], kind: int, eleven: bool) -> float:
    """Everingham et al. 2010, section 4.2 and 4.4, step by step; not a number without objects."""
    taken = [[False] * len(one.boxes) for one in truth]
    count = sum(
        1
        for one in truth
        for row, its in enumerate(one.classes)
        if its == kind and not (one.hard is not None and one.hard[row])
    )
    if not count:
        return float("nan")
    every = [
        (float(score), image, box)
        for image, one in enumerate(found)
        for box, its, score in zip(one.boxes, one.classes, one.scores, strict=True)
        if its == kind
    ]
    right = false = 0
    points: list[tuple[float, float]] = []
    for _, image, box in sorted(every, key=lambda one: -one[0]):
        there, best, place = truth[image], -1.0, -1
        for row, (other, its) in enumerate(zip(there.boxes, there.classes, strict=True)):
            if its == kind and (overlap := float(iou_of(box[None], other[None])[0, 0])) > best:
                best, place = overlap, row
        if best > 0.5:
            if there.hard is not None and there.hard[place]:
                continue
            right, false = (right, false + 1) if taken[image][place] else (right + 1, false)
            taken[image][place] = True
        else:
            false += 1
        points.append((right / count, right / (right + false)))
    if eleven:
        recalls = np.arange(0.0, 1.1, 0.1)  # with its rounding, as VOC's own code has it
        return float(sum(max((p for r, p in points if r >= least), default=0.0) for least in recalls)) / 11
    total, before = 0.0, 0.0
    for at, (recall, _) in enumerate(points):
        total += (recall - before) * max(p for _, p in points[at:])
        before = recall
    return total


@pytest.mark.parametrize("seed", range(50))
def test_it_is_voc_s_average_precision(seed: int) -> None:
    found, truth = drawn(1000 + seed, hard=True)
    for rule in ("area", "eleven"):
        expected = [by_voc(found, truth, kind, rule == "eleven") for kind in range(CLASSES)]
        np.testing.assert_allclose(voc(found, truth, CLASSES, rule=rule), expected, atol=1e-6)  # type: ignore[arg-type]


def test_what_is_known_by_hand() -> None:
    """Right, false, right of three objects: precision 1 up to recall 1/3, 2/3 up to 2/3, and nothing after it."""
    curve = Curve(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 3)
    assert curve.area == pytest.approx(1 / 3 + 2 / 9)
    assert curve.at_eleven == pytest.approx((4 * 1 + 3 * 2 / 3) / 11)
    assert curve.at_recalls == pytest.approx((34 * 1 + 33 * 2 / 3) / 101)


def none() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.zeros((0, 4)), np.zeros(0, np.int64)


def test_without_objects_or_without_answers() -> None:
    box = np.array([[0.0, 0, 4, 4]])
    nothing, said = Detections(*none(), np.zeros(0)), Detections(box, np.array([0]), np.array([0.5]))
    empty, there = Objects(*none()), Objects(box, np.array([0]))
    assert np.isnan(coco([said], [empty], 1).map50)
    assert np.isnan(voc([said], [empty], 1)).all()
    assert coco([nothing], [there], 1).map == 0
    assert coco([said, nothing], [there, empty], 1).map == pytest.approx(1)
    assert coco([said, said], [there, empty], 1).map == pytest.approx(1), (
        "of equal scores the first image's counts first"
    )
