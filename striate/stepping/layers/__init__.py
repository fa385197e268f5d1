"""The layers, worked out in their own terms: one concept a file."""

from striate.stepping.layers import (  # noqa: F401 - they register their rules
    activations,
    attention,
    deform,
    frames,
    joins,
    moving,
    norms,
    pooling,
    recurrent,
    regions,
    sums,
    upsampling,
)
