"""The page of GraphiQL as it is sent: its parts by their names, and what stands in its place where there is none."""

from pathlib import Path

import pytest

from accord.schema.graphiql_page import asset, missing_page


def test_an_address_is_not_markup() -> None:
    assert "<script>" not in missing_page("http://a/<script>")


def test_a_part_comes_with_its_type_and_may_be_kept(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index-B1_x.js").write_bytes(b"export {}")
    found = asset(tmp_path, "index-B1_x.js")
    assert found is not None
    assert found.content == b"export {}"
    assert found.media_type == "text/javascript; charset=utf-8"
    assert found.cache_control == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.js",
        "..\\secret.js",
        "/etc/hosts.js",
        "deeper/part.js",
        ".hidden.js",
        "absent.js",
        "folder.js",
        "part.js\x00",
        "part.js\n",
        "part.exe",
        "../static/part.js",
        "C:part.js",
    ],
)
def test_a_name_that_is_no_part_finds_nothing(tmp_path: Path, name: str) -> None:
    for place in ("static", "static/deeper", "static/folder.js"):
        (tmp_path / place).mkdir()
    for file in ("secret.js", "static/part.js", "static/part.exe", "static/.hidden.js", "static/deeper/part.js"):
        (tmp_path / file).write_text("secret")
    assert asset(tmp_path, name) is None
