"""Modules that PyTorch lacks, one concept per file."""

from striate.layers.attention import Attention
from striate.layers.channels import ChannelMax, ChannelMean
from striate.layers.deform import DeformConv
from striate.layers.dropout import Dropout
from striate.layers.droppath import DropPath
from striate.layers.embed import Embed
from striate.layers.flipped import FlippedConv1d, FlippedConv2d, FlippedConv3d
from striate.layers.interleave import Interleave
from striate.layers.join import Heads, Joined, added, concatenated, scaled
from striate.layers.layerscale import LayerScale
from striate.layers.local import Local
from striate.layers.lrn import FlatLocalResponseNorm
from striate.layers.lstm import LSTM
from striate.layers.lws import LimitedSharing
from striate.layers.maps import Maps
from striate.layers.maxout import Maxout
from striate.layers.moving import Match, Move
from striate.layers.norm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, RMSNorm
from striate.layers.padding import Padding, SamePad, ZeroChannels
from striate.layers.pooling import AvgPool
from striate.layers.positions import PositionsLinear
from striate.layers.rbf import RBF
from striate.layers.roi import Levels, RoIAlign, RoIPool
from striate.layers.scaled_tanh import ScaledTanh
from striate.layers.shuffle import Shuffle, Unshuffle
from striate.layers.side import Aux
from striate.layers.softmax import LastSoftmax
from striate.layers.subsample import Subsample
from striate.layers.unpool import Unpool
from striate.layers.upsample import Upsample
from striate.layers.wired import Called, From, Shared, Wired

__all__ = [
    "LSTM",
    "RBF",
    "Attention",
    "Aux",
    "AvgPool",
    "Called",
    "ChannelMax",
    "ChannelMean",
    "DeformConv",
    "DropPath",
    "Dropout",
    "Embed",
    "FlatLocalResponseNorm",
    "FlippedConv1d",
    "FlippedConv2d",
    "FlippedConv3d",
    "From",
    "Heads",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "Interleave",
    "Joined",
    "LastSoftmax",
    "LayerNorm",
    "LayerScale",
    "Levels",
    "LimitedSharing",
    "Local",
    "Maps",
    "Match",
    "Maxout",
    "Move",
    "Padding",
    "PositionsLinear",
    "RMSNorm",
    "RoIAlign",
    "RoIPool",
    "SamePad",
    "ScaledTanh",
    "Shared",
    "Shuffle",
    "Subsample",
    "Unpool",
    "Unshuffle",
    "Upsample",
    "Wired",
    "ZeroChannels",
    "added",
    "concatenated",
    "scaled",
]
