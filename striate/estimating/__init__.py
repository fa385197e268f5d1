"""What a training on many devices takes, before it is begun: formulas filled in, from numbers whose source is told."""
