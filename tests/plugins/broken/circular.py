"""Three plugins that each want to come after another of them, and one that comes after itself."""

from accord.plugins import Plugin


class First(Plugin):
    """After the third."""

    name = "first"
    after = ("third",)


class Second(Plugin):
    """After the first."""

    name = "second"
    after = ("first",)


class Third(Plugin):
    """After the second."""

    name = "third"
    after = ("second",)


class Selfish(Plugin):
    """After itself."""

    name = "selfish"
    after = ("selfish",)
