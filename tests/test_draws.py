"""Every use of random numbers has a stream of its own."""

import itertools

import torch

from striate.augmentation.shift import Shift
from striate.draws import derived_seed, generator
from striate.training.feed import shuffled
from tests.learning import pool

PURPOSES = ("weights", "order", "augment")


def test_no_two_uses_seeds_or_epochs_begin_alike() -> None:
    """As PyTorch's generator sees them, which looks at 32 bits."""
    seeds = [derived_seed(seed, use, epoch) for use in PURPOSES for seed in range(40) for epoch in range(40)]
    assert len({seed % 2**32 for seed in seeds}) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_stream_is_the_same_on_any_machine() -> None:
    assert derived_seed(0, "order", 1) == 3424886208302205649


def test_order_and_moves_of_an_epoch_are_not_one_stream() -> None:
    """What either would be if it were drawn from the other's numbers is not what it is."""
    count, shift = 200, Shift(1, (0.0,))
    for seed, epoch in itertools.product(range(3), range(1, 4)):
        some = pool(torch.zeros(count, 1, 28, 28), torch.zeros(count, dtype=torch.int64), augment=shift)
        drawn = next(some.epoch(seed, epoch, 10)).drawn
        order = torch.cat(shuffled(count, 10, seed, epoch))
        assert torch.equal(order, torch.randperm(count, generator=generator(seed, "order", epoch)))
        assert drawn is not None
        moved = shift.drawn(count, generator(seed, "augment", epoch))
        assert torch.equal(drawn.down, moved.down)  # type: ignore[attr-defined]
        assert not torch.equal(order, torch.randperm(count, generator=generator(seed, "augment", epoch)))
        assert not torch.equal(moved.down, shift.drawn(count, generator(seed, "order", epoch)).down)
