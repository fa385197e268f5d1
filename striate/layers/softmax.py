"""The softmax that a network ends in, which a training leaves to the loss.

>>> import torch
>>> LastSoftmax(dim=1)(torch.zeros(1, 4))
tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
"""

from torch import nn


class LastSoftmax(nn.Softmax):
    """As `nn.Softmax`; by its type an engine knows which one to leave out (`striate.notation.ending` says which)."""
