"""What plugins stand on changes by intent alone: the names, their signatures and the hooks are written down."""

import accord.plugins
from accord.config.plugin_reference import NAMES, REFERENCE, names_text, reference_text
from accord.plugins.hooks import HOOKS

ADVICE = "run `python -m accord.config.plugin_reference`, and change API_VERSION in plugins/plugin.py"


def test_the_public_names_and_their_signatures_are_those_written_down():
    assert names_text() == NAMES.read_text("utf-8"), ADVICE


def test_every_public_name_is_there_and_none_besides():
    exported = accord.plugins.__all__
    assert sorted(set(exported)) == sorted(exported)
    assert not [name for name in exported if not hasattr(accord.plugins, name)]
    written = {line.split("(")[0].split(":")[0].split("=")[0].split()[-1] for line in lines() if line[0] != " "}
    assert written == {*exported, "HookSpecs"}


def test_every_hook_is_written_down_with_its_arguments():
    text = NAMES.read_text("utf-8").partition("class HookSpecs\n")[2]
    hooks = text.splitlines()[: len(HOOKS)]
    assert [line.split("(")[0].split()[-1] for line in hooks] == list(HOOKS)
    assert "    async def after_commit(self, events: Sequence[Event], context: Context) -> None" in hooks


def test_the_reference_is_what_the_source_says():
    assert reference_text() == REFERENCE.read_text("utf-8"), "run `python -m accord.config.plugin_reference`"


def lines() -> list[str]:
    return NAMES.read_text("utf-8").splitlines()
