"""Images of many bands with a class for each of some pixels."""
