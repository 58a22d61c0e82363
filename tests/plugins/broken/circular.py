"""Three plugins that each want to come after another, one that comes after itself, and one after a misspelt one."""

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


class Late(Plugin):
    """After one that is misspelt, and one that may be installed later."""

    name = "late"
    after = ("clinik", "warehouse")
