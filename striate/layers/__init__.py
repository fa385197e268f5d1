"""Modules that PyTorch lacks, one concept a file: how branches join, and the paddings of TensorFlow and of ResNet."""

from striate.layers.embed import Embed
from striate.layers.join import Concat, Dense, Residual, Scale, Sum, WithAux
from striate.layers.padding import SamePad, ZeroChannels

__all__ = ["Concat", "Dense", "Embed", "Residual", "SamePad", "Scale", "Sum", "WithAux", "ZeroChannels"]
