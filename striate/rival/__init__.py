"""The rival of a network: features made by hand and a classifier."""
