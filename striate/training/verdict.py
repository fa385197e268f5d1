"""What the curves say, in words: underfit, overfit, cut short, or well; and what to try.

>>> from striate.training.history import Epoch, History
>>> epochs = [Epoch(n, 1.0 / n, 0.99, 0.3 + 0.1 * n, 0.8, 0.001, 1.0, 1.0) for n in range(1, 9)]
>>> verdict(History(tuple(epochs)), num_classes=10)[0][:52]
'Overfit: 99.0 % right on the training images, 80.0 %'
"""

from striate.training.history import History

GAP = 0.02  # accuracy lost between training and validation that counts as overfit …
TIMES = 2.0  # … when the validation images are also wrong so many times as often
RISE = 1.1  # times its lowest value that a rising validation loss ends at
WEAK = 0.8  # of the way from guessing to perfect that training must reach
FALL = 0.98  # a validation loss below this share of the one before is still falling


def verdict(history: History, num_classes: int) -> tuple[str, ...]:
    """Sentences about the curves: the finding first, then what to try.

    Args:
        history: At least one epoch.
        num_classes: What guessing is measured by.
    """
    best, last = history.best, history.epochs[-1]
    train, validation = last.train_accuracy, best.validation_accuracy
    figures = f"{train:.1%} right on the training images, {validation:.1%} on the validation images".replace("%", " %")
    lowest = min(epoch.validation_loss for epoch in history.epochs)
    rising = last.validation_loss > RISE * lowest and last.train_loss < history.epochs[0].train_loss
    apart = train - validation > GAP and 1 - validation > TIMES * (1 - train)
    falling = len(history) == 1 or last.validation_loss < FALL * history.epochs[-2].validation_loss
    learned = (train - 1 / num_classes) / (1 - 1 / num_classes)
    if apart or (rising and train > validation):
        because = f" The validation loss rose from {lowest:.3g} to {last.validation_loss:.3g}." if rising else ""
        advice = "Try dropout, a larger `l2`, fewer parameters, more images, or stopping early with `patience`."
        return (f"Overfit: {figures}.{because}", advice)
    if falling:
        because = "after one epoch" if len(history) == 1 else "the validation loss was still falling at the end"
        return (f"Cut short: {figures}; {because}.", "Try more `epochs`.")
    if learned < WEAK:
        advice = "Try more `epochs`, another `lr`, more filters or layers, or look whether the labels are right."
        return (f"Underfit: {figures}.", advice)
    return (f"Well fitted: {figures}.", "For more, try a larger network or more images.")
