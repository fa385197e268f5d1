"""Test errors on MNIST and Fashion-MNIST of networks that two cores train in minutes, mean and spread over seeds.

The epoch is chosen on the validation images alone (a tenth of the training images, by the seed); the test images are
used once, at the end. The floor is always saying the most frequent class.

    python benchmarks/small_images.py [--rows lenet5,small,fashion] [--seeds 3] [--epochs N] [--json]
"""

from seeds import Row, table

SMALL = """
# Five convolutions, 18,566 parameters
thin(w) = conv w@3 pad 1 -> bn -> relu
input 1x28x28
conv 12@3 -> bn -> relu -> conv 12@3 -> bn -> relu -> maxpool 2
thin(24) -> thin(24) -> maxpool 2
thin(40) -> gap -> fc 10
"""
RESIDUAL = """
# Eight convolutions, 130,970 parameters
wide(w) = conv w@3 pad 1 -> bn -> relu
again(w) = residual[ wide(w) -> conv w@3 pad 1 -> bn ] -> relu
input 1x28x28
wide(32) -> wide(32) -> maxpool 2
residual[ wide(48) -> conv 32@3 pad 1 -> bn ] -> relu
wide(64) -> maxpool 2
again(64)
gap -> dropout 0.3 -> fc 10
"""


CHANGED = {"augment": "mirror,shift:2,cutout:8", "smoothing": 0.1, "ema": 0.999}
ALIKE = {"figure": "accuracy", "floor": "majority_share", "wrong": True}
ACCURATE = {"recipe": "accurate"}
ROWS = {
    "lenet5": Row("lenet5", "mnist", wanted=0.45, options=ACCURATE, **ALIKE),
    "small": Row(SMALL, "mnist", wanted=0.45, options=ACCURATE, **ALIKE),
    "fashion": Row(RESIDUAL, "fashion-mnist", wanted=6.5, options={"epochs": 20, "lr": 0.004, **CHANGED}, **ALIKE),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=3)
