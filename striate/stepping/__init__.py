"""Layers step by step: every output entry and every gradient as its sum of products, with the numbers filled in.

What a blackboard shows of backpropagation (Rumelhart, Hinton & Williams 1986; for convolution LeCun et al. 1989), in
exact arithmetic where the inputs are whole numbers or fractions. Never imports torch.

>>> shown = step("conv 1@2x2", "1 2 3; 4 5 6; 7 8 9", weights="10 20; 30 40")
>>> print(shown["O"].entries[0])
O[0,0] = 1*10 + 2*20 + 4*30 + 5*40 = 370
>>> print(shown["dE/dW"].entries[0])
dE/dW[0,0] = 1*dO[0,0] + 2*dO[0,1] + 4*dO[1,0] + 5*dO[1,1]
"""

from striate.stepping.chain import Chain
from striate.stepping.content import Entry, Im2col, Part, Picture, Step
from striate.stepping.working import step

__all__ = ["Chain", "Entry", "Im2col", "Part", "Picture", "Step", "step"]
