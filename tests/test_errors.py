"""A suggestion is made only where it helps: for another spelling, another library's name, a slip, a beginning."""

import pytest

from striate import cli, data, initial, losses, zoo
from striate.data import named
from striate.errors import nearest, plain
from striate.notation import arguments, habits, lookup, tree
from striate.notation.measure import OPTIMIZER_ALSO, OPTIMIZER_STATES
from striate.runs import devices
from striate.training import options, schedules

LAYERS = [*tree.WORDS, *tree.BLOCKS, *tree.ALIASES]
ZOO = {name: zoo.entry(name).also for name in zoo.names()}
VERBS = list(cli.VERBS)
TABLES = {  # every table of names, with what others call them
    "layers": (LAYERS, lookup.ALSO),
    "words' options": (sorted(arguments.OPTION_WORDS), habits.OPTIONS_ALSO),
    "zoo": (list(ZOO), ZOO),
    "verbs": (VERBS, cli.OTHER_NAMES),
    "data": (list(data.names()), named.ALSO),
    "options": (list(options.OTHER_NAMES), options.OTHER_NAMES),
    "losses": (list(losses.NAMES), losses.ALSO),
    "optimizers": (list(OPTIMIZER_STATES), OPTIMIZER_ALSO),
    "schedules": (list(schedules.SCHEDULES), schedules.ALSO),
    "rules": (list(initial.RULES), initial.ALSO),
    "engines": (list(devices.ENGINES), devices.ENGINES_ALSO),
    "devices": (list(devices.DEVICES), devices.DEVICES_ALSO),
}


def meant(name: str, table: str) -> str:
    """The names suggested, as they are said; empty for none."""
    return nearest(name, *TABLES[table]).removeprefix("; did you mean ").removesuffix("?").replace("'", "")


@pytest.mark.parametrize(
    ("table", "name", "suggested"),
    [
        # slips of the pen
        ("layers", "relv", "relu"),
        ("layers", "cnov", "conv"),
        ("layers", "ocnv", "conv"),
        ("layers", "dropuot", "dropout"),
        ("layers", "subsampel", "subsample"),
        ("layers", "rezidual", "residual"),
        ("layers", "zoftmax", "softmax"),
        ("zoo", "restnet50", "resnet50"),
        ("zoo", "densenet112", "densenet121"),
        ("zoo", "lenet6", "lenet5"),
        ("zoo", "resnet51", "resnet50"),
        ("verbs", "explian", "explain"),
        ("options", "optimzer", "optimizer"),
        ("optimizers", "sdg", "sgd"),
        # another spelling
        ("layers", "max_pool", "maxpool"),
        ("zoo", "ResNet-50", "resnet50"),
        ("zoo", "resnext101_32x8d", "resnext101-32x8d"),
        ("data", "CIFAR-10", "cifar10"),
        ("data", "fashion_mnist", "fashion-mnist"),
        ("losses", "CrossEntropy", "cross-entropy"),
        ("schedules", "OneCycle", "one-cycle"),
        # what others call it
        ("layers", "MaxPooling2D", "maxpool"),
        ("layers", "Linear", "fc"),
        ("layers", "concatenate", "concat"),
        ("zoo", "vgg11", "vgg-a"),
        ("zoo", "vgg13", "vgg-b"),
        ("zoo", "lenet", "lenet5"),
        ("zoo", "mobilenet", "mobilenetv1"),
        ("verbs", "fit", "train"),
        ("verbs", "eval", "test"),
        ("verbs", "summary", "explain"),
        ("data", "fmnist", "fashion-mnist"),
        ("options", "learning_rate", "lr"),
        ("options", "weight-decay", "l2"),
        ("losses", "NLLLoss", "cross-entropy"),
        ("optimizers", "sgdm", "momentum"),
        ("rules", "Xavier", "glorot"),
        ("devices", "gpu", "cuda"),
        ("words' options", "padding", "pad"),
        ("words' options", "dilation_rate", "dilate"),
        # a beginning
        ("layers", "soft", "softplus or softmax"),
        ("layers", "max", "maxpool or maxout"),
        ("verbs", "pred", "predict"),
        ("zoo", "vgg", "vgg16, vgg19, vgg-a, vgg-b or vgg-c"),
        ("optimizers", "ada", "adagrad or adam"),
        ("zoo", "dense", "densenet121, densenet169 or densenet201"),
        # nothing that would mislead: too short, another first letter, another number, another thing
        ("layers", "lm", ""),
        ("layers", "attn", ""),
        ("zoo", "resnet26", ""),
        ("zoo", "resnet", ""),
        ("zoo", "ghostnet", ""),
        ("data", "cifar100", ""),
        ("data", "emnist", ""),
        ("data", "kmnist", ""),
        ("optimizers", "adamax", ""),
        ("options", "help", ""),
        ("verbs", "", ""),
        ("verbs", "-_.", ""),
    ],
)
def test_what_is_suggested(table: str, name: str, suggested: str) -> None:
    assert meant(name, table) == suggested


@pytest.mark.parametrize("table", TABLES)
def test_what_others_call_a_thing_leads_to_it_alone(table: str) -> None:
    known, also = TABLES[table]
    assert set(also) <= set(known), "a thing that is gone takes its other names along"
    others = [plain(other) for names in also.values() for other in names]
    assert len(set(others)) == len(others), "a name leads to one thing"
    assert not set(others) & set(map(plain, known)), "what we have ourselves is no other name"
    for name, names in also.items():
        for other in names:
            assert meant(other, table) == name
            assert meant(other.upper(), table) == name


@pytest.mark.parametrize("table", TABLES)
def test_a_known_name_in_any_spelling_leads_to_itself(table: str) -> None:
    for name in TABLES[table][0]:
        assert meant(name.upper().replace("-", "_"), table) == name


def test_what_the_notation_has_not_is_no_word_of_it() -> None:
    absent = [name for names in lookup.ABSENT.values() for name in names]
    assert len(set(absent)) == len(absent)
    assert all(name == plain(name) for name in absent)
    ours = {plain(name) for name in LAYERS} | {other for names in lookup.ALSO.values() for other in names}
    assert not set(absent) & ours


def test_which_of_two_equally_near_names_is_suggested_does_not_change() -> None:
    names = ["bolt", "boat", "boot"]
    assert {nearest("bost", order) for order in (names, names[::-1], set(names))} == {"; did you mean 'boat'?"}
