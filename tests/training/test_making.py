"""What is made anew of examples: the same from any batch on, other in each epoch, the same where it is judged."""

from collections.abc import Mapping

import pytest
import torch

from striate.augmentation.coins import normal
from striate.data.kinds import Image, Label
from striate.training.pool import Pool
from striate.training.stream import Stream


def noisy(
    fields: Mapping[str, torch.Tensor], seeds: torch.Tensor, learning: bool
) -> tuple[Mapping[str, torch.Tensor], Mapping[str, torch.Tensor]]:
    drawn = normal(seeds, (1, 2, 2)) * (1 if learning else 0.5)
    return {"image": fields["image"] + drawn}, {"noise": drawn, "label": fields["label"]}


FIELDS = {"image": 100 * torch.arange(10.0)[:, None, None, None].expand(-1, 1, 2, 2), "label": torch.arange(10)}
KINDS = {"image": Image(), "label": Label(10)}


def pool() -> Pool:
    return Pool({"image": FIELDS["image"]}, {"label": FIELDS["label"]}, kinds=KINDS, made=noisy)


def stream() -> Stream:
    return Stream(
        {"image": FIELDS["image"]},
        {"label": FIELDS["label"]},
        {},
        {"image": (1, 2, 2)},
        kinds=KINDS,
        workers=0,
        made=noisy,
    )


@pytest.mark.parametrize("feed", [pool(), stream()])
def test_inputs_and_targets_share_what_is_drawn(feed: Pool | Stream) -> None:
    for batch in (*feed.epoch(0, 1, 4), *feed.in_order(4)):
        clean = 100.0 * batch.targets["label"].view(-1, 1, 1, 1)
        assert torch.allclose(batch.inputs["image"] - batch.targets["noise"], clean.expand(-1, 1, 2, 2), atol=1e-3)


@pytest.mark.parametrize("feed", [pool(), stream()])
def test_an_epoch_draws_anew_and_a_resumed_one_draws_the_same(feed: Pool | Stream) -> None:
    def drawn(number: int, begin: int = 0) -> list[torch.Tensor]:
        return [batch.targets["noise"] for batch in feed.epoch(3, number, 4, begin)]

    assert all(torch.equal(one, other) for one, other in zip(drawn(1)[1:], drawn(1, 1), strict=True))
    assert not torch.equal(torch.cat(drawn(1)), torch.cat(drawn(2)))


def test_files_and_memory_give_the_same() -> None:
    for ours, theirs in zip(pool().epoch(0, 2, 3), stream().epoch(0, 2, 3), strict=True):
        assert torch.equal(ours.inputs["image"], theirs.inputs["image"])
    for ours, theirs in zip(pool().in_order(4), stream().in_order(4), strict=True):
        assert torch.equal(ours.inputs["image"], theirs.inputs["image"])


def test_what_is_judged_depends_on_its_position_alone() -> None:
    whole = torch.cat([batch.targets["noise"] for batch in pool().in_order(10)])
    parts = torch.cat([batch.targets["noise"] for batch in pool().in_order(3)])
    assert torch.equal(whole, parts)
    assert torch.equal(whole, normal(torch.arange(10), (1, 2, 2)) * 0.5)
