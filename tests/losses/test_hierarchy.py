"""A hierarchy of classes, against its definition: products of softmaxes over siblings."""

import pytest
import torch

from striate.losses.anchored import AnchorGrid
from striate.losses.hierarchy import SURE, ClassTree

PARENTS = (-1, 0, 0, -1, 1, 1, 1)  # animal: dog, cat; car; terrier, poodle, hound below dog
TREE = ClassTree(PARENTS)


def by_hand(logits: list[float]) -> list[float]:
    """Each class's probability, from the top down."""
    conditional = []
    for kind, parent in enumerate(PARENTS):
        siblings = [logits[other] for other, above in enumerate(PARENTS) if above == parent]
        conditional.append(float(torch.tensor(siblings).softmax(0)[siblings.index(logits[kind])]))
    return [
        conditional[k] * (1 if p < 0 else conditional[p] * (1 if PARENTS[p] < 0 else conditional[PARENTS[p]]))
        for k, p in enumerate(PARENTS)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_chances_are_products_down_the_path(seed: int) -> None:
    logits = torch.randn(5, len(PARENTS), generator=torch.Generator().manual_seed(seed))
    expected = torch.tensor([by_hand(row) for row in logits.tolist()])
    torch.testing.assert_close(TREE.chances(logits), expected)
    kinds = torch.tensor([4, 3, 2, 6, 0])
    torch.testing.assert_close(TREE.loss(logits, kinds), -expected[torch.arange(5), kinds].log())


def test_children_have_together_what_is_above_them() -> None:
    chances = TREE.chances(torch.randn(3, len(PARENTS)))
    torch.testing.assert_close(chances[:, [0, 3]].sum(1), torch.ones(3))
    torch.testing.assert_close(chances[:, 4:].sum(1), chances[:, 1])


def test_a_class_above_is_told_where_those_below_are_unsure() -> None:
    sure, unsure = [9.0, 9, 0, 0, 9, 0, 0], [9.0, 9, 0, 0, 0.1, 0, 0]
    chances, kinds = TREE.told(torch.tensor([sure, unsure, [0.0, 0, 0, 1, 0, 0, 0]]))
    assert kinds.tolist() == [4, 1, 3]
    assert (chances[:2] > SURE).all()


def test_without_a_hierarchy_it_is_a_softmax() -> None:
    flat, logits = ClassTree((-1,) * 4), torch.randn(6, 4)
    chances, kinds = flat.told(logits)
    assert torch.equal(kinds, logits.argmax(1))
    torch.testing.assert_close(chances, logits.softmax(1).amax(1))
    true = torch.tensor([0, 1, 2, 3, 0, 1])
    torch.testing.assert_close(
        flat.loss(logits, true), torch.nn.functional.cross_entropy(logits, true, reduction="none")
    )


def test_order_of_the_classes_does_not_matter() -> None:
    turned = ClassTree((1, -1, 1))  # those below may stand before what is above them
    torch.testing.assert_close(turned.chances(torch.zeros(3)), torch.tensor([0.5, 1.0, 0.5]))


def test_an_image_with_a_class_and_no_box_teaches_the_likeliest_anchor() -> None:
    grid = AnchorGrid(((8.0, 8.0),), len(PARENTS), (16, 16), PARENTS)
    made = torch.randn(2, grid.channels, 2, 2, requires_grad=True)
    boxes, none = torch.zeros(2, 1, 4), torch.full((2, 1), -1)
    whole = torch.tensor([4, -1])
    parts = grid.loss({"output": made}, boxes, none, whole)
    (gradient,) = torch.autograd.grad(sum(parts.values()), made)
    _, objects, classes = grid.read(made.detach())
    best = int((objects[0].sigmoid() * TREE.chances(classes[0])[:, 4]).argmax())
    taught = gradient[0].flatten(1)[4:].abs().sum(0).nonzero().flatten().tolist()
    assert taught == [best]
    assert not gradient[0].flatten(1)[:4].any()  # where it is is not known
    assert gradient[1].flatten(1)[4].all()  # the other image is empty everywhere
    expected = TREE.loss(classes[0, best][None], torch.tensor([4])) / 2
    torch.testing.assert_close(parts["class"], expected[0])
