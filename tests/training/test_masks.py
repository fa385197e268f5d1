"""Fields of a pool that lie on its images move as these do, in every batch of every epoch; others stay."""

import pytest
import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.photo import Photo
from striate.augmentation.shift import Shift
from striate.data.kinds import Image, Label, Mask
from striate.training.pool import Pool, prepared

CLASSES, IGNORED = 5, 9
AUGMENTS: dict[str, Augment] = {
    "shift": Shift(2, (float(IGNORED),)),
    "mirrored": Photo(True, 0, 0.0),
    "cropped": Photo(False, 2, 0.0),
    "photo": Photo(True, 2, 0.0),
}


def masks(count: int = 13) -> Tensor:
    return torch.randint(CLASSES, (count, 10, 12), generator=torch.Generator().manual_seed(1))


def pool(augment: Augment | None, **options: object) -> Pool:
    """Images that show their masks."""
    kinds = {"image": Image(), "mask": Mask(CLASSES, IGNORED), "label": Label(20)}
    shown, labels = masks()[:, None].float(), torch.arange(13)
    return Pool({"image": shown}, {"mask": masks(), "label": labels}, kinds=kinds, augment=augment, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("augment", AUGMENTS.values(), ids=AUGMENTS.keys())
def test_image_and_mask_move_alike(augment: Augment) -> None:
    some, seen, moved = pool(augment), [], 0
    for batch in some.epoch(seed=3, number=2, size=4):
        image, mask, labels = batch.inputs["image"], batch.targets["mask"], batch.targets["label"]
        assert torch.equal(image[:, 0], mask.float())
        assert mask.dtype == torch.int64
        seen += labels.tolist()
        moved += sum(not torch.equal(one, masks()[label]) for one, label in zip(mask, labels.tolist(), strict=True))
    assert sorted(seen) == list(range(13)), "each once, with the label it had"
    assert moved > 3


@pytest.mark.parametrize("augment", AUGMENTS.values(), ids=AUGMENTS.keys())
def test_epochs_differ_and_evaluation_moves_nothing(augment: Augment) -> None:
    some = pool(augment)

    def by_label(epoch: int) -> Tensor:
        batches = list(some.epoch(3, epoch, 5))
        order = torch.cat([batch.targets["label"] for batch in batches]).argsort()
        return torch.cat([batch.targets["mask"] for batch in batches])[order]

    assert torch.equal(by_label(1), by_label(1))
    assert not torch.equal(by_label(1), by_label(2))
    assert torch.equal(torch.cat([batch.targets["mask"] for batch in some.in_order(4)]), masks())


def test_what_comes_from_beyond_the_edge_counts_for_nothing() -> None:
    moved = torch.cat([batch.targets["mask"] for batch in pool(AUGMENTS["shift"]).epoch(0, 1, 13)])
    assert bool((moved == IGNORED).any())
    assert not bool((moved[:, 2:-2, 2:-2] == IGNORED).any()), "two entries at most"


def test_light_changes_no_mask() -> None:
    for batch in pool(Photo(False, 0, 0.5)).epoch(0, 1, 13):
        assert torch.equal(batch.targets["mask"], masks()[batch.targets["label"]])
        assert not torch.equal(batch.inputs["image"][:, 0], batch.targets["mask"].float())


def test_what_no_kind_is_said_of_stays() -> None:
    some = Pool(
        {"image": masks()[:, None].float()}, {"mask": masks()}, kinds={"image": Image()}, augment=Shift(2, (0.0,))
    )
    (batch,) = some.epoch(0, 1, 13)
    assert torch.equal(batch.targets["mask"], masks()[batch.rows])


def test_masks_are_never_prepared() -> None:
    some = prepared(pool(AUGMENTS["photo"], prepare={"image": lambda images: images * 2}), {"image": (1, 10, 12)})
    for batch in some.epoch(3, 2, 4):
        assert torch.equal(batch.inputs["image"][:, 0], 2 * batch.targets["mask"])
