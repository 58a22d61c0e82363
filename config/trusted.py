"""Trusted documents: read from the file that the settings name, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import orjson

from ..schema.documents import Documents
from .settings import SettingsInvalid


def read_trusted(path: Path | None) -> dict[str, str] | None:
    """The trusted documents by their ids; raises SettingsInvalid for a file that can't be read or has another form."""
    if path is None:
        return None
    try:
        documents: Any = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsInvalid([f"trusted_documents: {path} can't be read as JSON: {error}"]) from None
    found = cast(dict[Any, Any], documents) if isinstance(documents, dict) else None
    if found is None or not all(isinstance(one, str) for one in found.values()):
        raise SettingsInvalid([f"trusted_documents: {path} is no object of ids and documents"])
    return found


def wrong_documents(trusted: Mapping[str, str], documents: Documents) -> Iterator[str]:
    """A sentence for each that can't be run; the others are, so that one that is old keeps no client from its own."""
    for id_, text in trusted.items():
        if errors := documents.get(text).errors:
            yield f"trusted_documents: {id_[:60]} is never run: {errors[0].message}"
