"""What was used lately, kept as long as it is not too much."""

from collections import OrderedDict
from typing import Any


class Recent:
    """Values by their keys; the one whose last use is longest ago goes when there are more than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any) -> Any:
        """The value, or None."""
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    def keep(self, key: Any, value: Any) -> None:
        """Keep a value."""
        self._kept[key] = value
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
