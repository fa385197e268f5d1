"""What networks are used for. A task is a data format, a network, a loss, a metric and a picture of the result."""
