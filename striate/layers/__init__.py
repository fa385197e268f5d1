"""Modules that PyTorch lacks, one concept a file."""

from striate.layers.embed import Embed
from striate.layers.flipped import FlippedConv1d, FlippedConv2d, FlippedConv3d
from striate.layers.join import Concat, Dense, Residual, Scale, Sum, WithAux
from striate.layers.local import Local
from striate.layers.maxout import Maxout
from striate.layers.padding import Padding, SamePad, ZeroChannels
from striate.layers.pooling import AvgPool
from striate.layers.rbf import RBF

__all__ = [
    "RBF",
    "AvgPool",
    "Concat",
    "Dense",
    "Embed",
    "FlippedConv1d",
    "FlippedConv2d",
    "FlippedConv3d",
    "Local",
    "Maxout",
    "Padding",
    "Residual",
    "SamePad",
    "Scale",
    "Sum",
    "WithAux",
    "ZeroChannels",
]
