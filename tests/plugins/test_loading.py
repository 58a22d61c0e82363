"""Plugins are found, checked and put in order; whatever keeps one from being used is said, all of it at once."""

import sys
from collections.abc import Sequence

import pytest

from accord.config.plugin_loading import load_plugins
from accord.config.settings import PluginsRefused, Settings
from accord.plugins.loading import discover
from accord.tests.plugins.installing import Site
from accord.tests.plugins.surveying import problems, survey

BROKEN: list[tuple[str, str, list[str]]] = [
    (
        "not_importable",
        "unimportable = not_importable:Plugin",
        [
            "its entry point not_importable:Plugin can't be imported: ModuleNotFoundError: No module named "
            "'a_package_that_nobody_has' (not_importable.py, line 5). Reinstall it with all that it needs, or "
            "take it out of the setting plugins.",
        ],
    ),
    (
        "leaves_on_import",
        "leaving = leaves_on_import:Plugin",
        [
            "its entry point leaves_on_import:Plugin can't be imported: SystemExit: I would rather not "
            "(leaves_on_import.py, line 5). Correct it, or take the plugin out of the setting plugins.",
        ],
    ),
    (
        "no_plugin",
        "something = no_plugin:Something",
        [
            "its entry point no_plugin:Something is <class 'no_plugin.Something'>, and no subclass of "
            "accord.plugins.Plugin; name the class of the plugin.",
        ],
    ),
    (
        "no_plugin",
        "nothing = no_plugin:Nothing",
        [
            "its entry point no_plugin:Nothing can't be imported: AttributeError: module 'no_plugin' has "
            "no attribute 'Nothing'. Correct it, or take the plugin out of the setting plugins.",
        ],
    ),
    (
        "an_instance",
        "instance = an_instance:plugin",
        [
            "its entry point an_instance:plugin is an instance; name the class, since each Accord makes its own.",
        ],
    ),
    (
        "another_name",
        "Another_Name = another_name:Other",
        [
            "its class calls it 'other', and its entry point 'Another_Name'; use one name for both.",
            "its name 'Another_Name' can't stand in the API; use two to forty small letters and digits, a "
            "letter first.",
        ],
    ),
    (
        "core_name",
        "account = core_name:Account",
        [
            "its name 'account' belongs to the core; choose another.",
        ],
    ),
    (
        "from_the_future",
        "nextmajor = from_the_future:NextMajor",
        [
            "it was made for version 2.0 of the contract, and this Accord has 1.0; install a release of "
            "the plugin for 1.x.",
        ],
    ),
    (
        "from_the_future",
        "nextminor = from_the_future:NextMinor",
        [
            "it needs version 1.99 of the contract, and this Accord has 1.0; install a newer Accord, or an "
            "older release of the plugin.",
        ],
    ),
    (
        "from_the_future",
        "noversion = from_the_future:NoVersion",
        [
            "its api is 'latest'; write the version of the contract that it was made for, as '1.0'.",
        ],
    ),
    (
        "wrong_hooks",
        "wronghooks = wrong_hooks:WrongHooks",
        [
            "its hook after_commit takes the argument evnts, which it would never be given; did you mean events?",
            "its hook after_commit takes the argument kontext, which it would never be given; did you mean context?",
            "its hook after_commit takes the argument request, which it would never be given; it may take "
            "events, context.",
            "its method before_commit has the name of a hook, and would never be called; mark it with @hookimpl.",
            "its hook health is no method of the plugin; take @staticmethod away.",
            "its hook prepare is not async; write `async def prepare`.",
            "its hook read_policy takes **everything: Any; name the arguments that it wants, of record, viewer.",
            "its hook shutdown asks for wrapper; the order of plugins may change no outcome, so take that "
            "out, and say by `after` which come before it.",
            "its hook startup asks for tryfirst; the order of plugins may change no outcome, so take that "
            "out, and say by `after` which come before it.",
            "it marks validat as a hook, and there is none of that name; did you mean validate?",
            "its hook validate is no async generator; write `async def validate` and yield each violation.",
        ],
    ),
    (
        "wrong_attributes",
        "wrongattributes = wrong_attributes:WrongAttributes",
        [
            "it has the attribute permisions, which means nothing; did you mean permissions?",
            "it has the attribute setting_type, which means nothing; did you mean settings_type?",
            "its settings_type is <class 'dict'>; derive the class of its settings from accord.plugins.PluginSettings.",
            "its after is 'clinic', and no tuple; write after = (…,) with a comma after a single one.",
            "its rules holds 'A_RULE', which is no Rule; take it out.",
        ],
    ),
    (
        "wrong_attributes",
        "repeatedrules = wrong_attributes:RepeatedRules",
        [
            "several of its rules have the code TWICE; give each its own.",
        ],
    ),
    (
        "wrong_permissions",
        "wrongpermissions = wrong_permissions:WrongPermissions",
        [
            "the permission 'clinic.phi.read' doesn't begin with its name; call it wrongpermissions.SUBJECT.VERB.",
            "WrongpermissionsContact.number is read by 'wrongpermissions.phi.raed', and no such permission "
            "is declared; did you mean wrongpermissions.phi.read?",
            "WrongpermissionsContact.remark is classified as PII, and all could read it; say by read= "
            "which permission it takes.",
            "WrongpermissionsContact.secret is to be stored encrypted, which this Accord can't do yet: "
            "keys come later. Leave the field out until then; it is not stored in the clear instead.",
        ],
    ),
    (
        "wrong_models",
        "wrongmodels = wrong_models:WrongModels",
        [
            "its model Plain is no record; derive it from Record, AccountExtension, ContactExtension or "
            "AddressExtension.",
            "WrongmodelsAccount has the namespace 'wrong'; say namespace='wrongmodels', the plugin's name.",
            "the table ledger of Ledger doesn't begin with the plugin's name; call it wrongmodels_… by the "
            "class's name, or in its Meta.",
            "Ledger.visit refers to clinic.ClinicVisit; it may refer to records of its own (wrongmodels.…) "
            "and of the core (graph.…) alone, since others may be taken out.",
            "its model WrongmodelsShelf is abstract; let its Meta derive from tortoise.Model.Meta, or from nothing.",
            "it stores Plain, WrongmodelsAccount, Ledger, WrongmodelsShelf, and names no migrations; make a package "
            "for them, name it by migrations=, and run `ACCORD_PLUGINS=wrongmodels accord migrate make initial "
            "--app wrongmodels`.",
        ],
    ),
    (
        "without_migrations",
        "unmigrated = without_migrations:Unmigrated",
        [
            "its migrations 'without_migrations.migrations' can't be imported: ModuleNotFoundError: No "
            "module named 'without_migrations.migrations'; 'without_migrations' is not a package. Make it "
            "a package.",
        ],
    ),
    (
        "without_migrations",
        "nothingmade = without_migrations:NothingMade",
        [
            "its migrations accord_empty hold none; run `ACCORD_PLUGINS=nothingmade accord migrate make "
            "initial --app nothingmade` in its source, and release it with what that writes.",
        ],
    ),
    (
        "clashing",
        "contacts = clashing:Contacts",
        [
            "Account: the extension ContactsAccount and the list contacts of Contact records would both be "
            "called 'contacts'. Correct it, or take the plugin out of the setting plugins.",
        ],
    ),
    (
        "clashing",
        "miscounted = clashing:Miscounted",
        [
            "MiscountedAccount.Policies.typo: it needs 'coed', which is no stored field; did you mean code? Correct "
            "it, or take the plugin out of the setting plugins.",
            "MiscountedAccount.Policies.typo: it needs 'xyzzy', which is no stored field; there are code. Correct it, "
            "or take the plugin out of the setting plugins.",
            "MiscountedAccount.Policies.odd: dict[str, int] can't be the type of a computed field; write str, int, "
            "float, bool or a list of one of them; null is always allowed. Correct it, or take the plugin out of the "
            "setting plugins.",
            "MiscountedAccount.Policies.odd: its by is 'list'; name the function that computes it. Correct it, or take "
            "the plugin out of the setting plugins.",
        ],
    ),
    (
        "never_made",
        "nevermade = never_made:NeverMade",
        [
            "it can't be made: RuntimeError: no luck today. Tell its authors, or take it out of the setting plugins.",
        ],
    ),
]
ADVICE = "Correct it, or take the plugin out of the setting plugins."


@pytest.mark.parametrize(("case", "entry", "texts"), BROKEN, ids=[entry.split()[0] for _, entry, _ in BROKEN])
def test_a_broken_plugin_is_refused_with_everything_that_is_wrong(
    site: Site, case: str, entry: str, texts: Sequence[str]
):
    site.install("clinic")
    site.install_broken(case, entry)
    (site.folder / "accord_empty").mkdir()
    (site.folder / "accord_empty" / "__init__.py").touch()
    found = survey(site, entry.split()[0], "clinic")
    told = f"plugin {entry.split()[0]} (accord-{case.replace('_', '-')} 1.0)"
    assert [str(problem) for problem in found.problems] == [f"{told}: {text}" for text in texts]
    assert [one.name for one in found.plugins] == ["clinic"]


def test_the_problems_of_all_plugins_are_said_at_once(site: Site):
    site.install("clinic")
    site.install_broken("no_plugin", "something = no_plugin:Something")
    site.install_broken("never_made", "nevermade = never_made:NeverMade")
    names = ("something", "clinic", "klinic", "nevermade")
    found = problems(site, *names, plugin={"clinic": {"hours": 0, "regoin": "EU"}, "clinick": {"hours": 1}})
    assert [one.partition(": ")[0] for one in found] == [
        "plugin klinic",
        "plugin something (accord-no-plugin 1.0)",
        "plugins",
        "plugin clinic (accord-clinic 1.0)",
        "plugin clinic (accord-clinic 1.0)",
        "plugin nevermade (accord-never-made 1.0)",
    ]


def test_an_enabled_plugin_that_can_not_be_used_refuses_the_start(site: Site):
    site.install("clinic")
    site.install_broken("no_plugin", "something = no_plugin:Something")
    with pytest.raises(PluginsRefused, match=r"plugin something \(accord-no-plugin 1\.0\): ") as raised:
        load_plugins(Settings(plugins=("something", "clinic")))
    assert len(raised.value.problems) == 1


def test_what_is_installed_is_imported_only_when_it_is_enabled(site: Site):
    site.install("clinic")
    site.install_broken("leaves_on_import", "leaving = leaves_on_import:Plugin")
    assert {one.name for one in discover([str(site.folder)])} == {"clinic", "leaving"}
    assert [one.name for one in load_plugins(Settings(plugins=("clinic",)))] == ["clinic"]
    assert "leaves_on_import" not in sys.modules


def test_a_plugin_that_nobody_offers_is_named_with_the_nearest(site: Site):
    site.install("clinic")
    assert problems(site, "clinik", "xyzzy") == [
        "plugin clinik: it is enabled, and no distribution offers it (there is clinic); did you mean clinic?",
        "plugin xyzzy: it is enabled, and no distribution offers it (there is clinic); install it, or take it out of "
        "the setting plugins.",
    ]


def test_two_distributions_that_offer_one_name_are_both_named(site: Site):
    site.install("clinic")
    site.describe("another-clinic", "clinic = accord_clinic:Clinic", version="2.1")
    assert problems(site, "clinic") == [
        "plugin clinic: it is offered by accord-clinic 1.0 (accord_clinic:Clinic) and another-clinic 2.1 "
        "(accord_clinic:Clinic); uninstall all but one, since neither is preferred."
    ]


def test_a_distribution_that_is_found_twice_counts_once_and_one_without_metadata_not_at_all(site: Site):
    site.install("clinic")
    (site.folder / "elsewhere").mkdir()
    other = Site(folder=site.folder / "elsewhere")
    other.install("clinic", version="0.9")
    (site.folder / "strange-1.0.dist-info").mkdir()
    (site.folder / "stranger-1.0.dist-info").mkdir()
    (site.folder / "stranger-1.0.dist-info" / "METADATA").write_text("Name: stranger\n")
    (site.folder / "stranger-1.0.dist-info" / "entry_points.txt").write_text("[accord.plugins]\nnonsense\n")
    found = discover([str(site.folder), str(other.folder)])
    assert [(one.name, one.version) for one in found] == [("clinic", "1.0")]


def test_plugins_come_after_those_that_they_name_and_else_by_name(site: Site):
    site.install("clinic")
    site.install("bank")
    names = ["bank", "clinic"]
    for given in (names, names[::-1]):
        assert [one.name for one in survey(site, *given).plugins] == ["clinic", "bank"]
    assert [one.name for one in survey(site, "bank").plugins] == ["bank"]


def test_a_circle_is_named(site: Site):
    site.install_broken("circular", "first = circular:First")
    site.describe(
        "accord-circular",
        *(f"{name} = circular:{name.capitalize()}" for name in ("first", "second", "third", "selfish")),
    )
    told = {name: f"plugin {name} (accord-circular 1.0)" for name in ("first", "second", "third")}
    assert problems(site, "first", "second", "third", "selfish") == [
        "plugin selfish (accord-circular 1.0): it names itself in `after`; take it out.",
        f"{told['first']}: it comes after {told['third']}, which comes after {told['second']}, which comes after "
        f"{told['first']}; take one out of `after`, or out of the setting plugins.",
    ]


def test_what_two_plugins_declare_at_once_names_both(site: Site):
    site.install("clinic")
    site.install_broken("clashing", "clash = clashing:Clash")
    both = "plugin clash (accord-clashing 1.0) and plugin clinic (accord-clinic 1.0)"
    assert problems(site, "clinic", "clash") == [
        f"plugin clash (accord-clashing 1.0): ClashVisit.Policies.titel: ClashVisit has no such field. {ADVICE}",
        f"plugin clash (accord-clashing 1.0): ClashAccount.code: a field of the API needs a description. {ADVICE}",
        f"{both}: Account: the list visits of ClinicVisit records and the list visits of ClashVisit records would both "
        f"be called 'visits'. {ADVICE}",
        f"{both}: ClinicVisit and ClashVisit both use the id prefix 'vis'. {ADVICE}",
    ]


def test_types_of_the_api_that_would_be_called_alike_name_both(site: Site):
    site.install("clinic")
    site.install_broken("clashing", "same = clashing:Same")
    told = "plugin same (accord-clashing 1.0)"
    both = f"plugin clinic (accord-clinic 1.0) and {told}"
    assert problems(site, "clinic", "same") == [
        f"{both}: the enum of SameAccount.kind and the enum of ClinicAccount.kind "
        f"would both be called 'ClinicKind'. {ADVICE}",
        f"{told}: the group SameAccount.place and the record Contact would both be called 'Contact'. {ADVICE}",
    ]


def test_an_optional_plugin_that_can_not_be_used_is_left_out_with_a_word_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
):
    site.install("clinic")
    site.install_broken("clashing", "clash = clashing:Clash")
    names = ("clash", "clinic", "absent")
    given = {"absent": {"hours": 1}}
    optional = Settings(plugins=names, optional_plugins=("clash", "absent"), plugin=given)
    assert [one.name for one in load_plugins(optional)] == ["clinic"]
    assert len(caplog.messages) == 5
    assert caplog.messages[0].startswith("started without an optional plugin: plugin absent: it is enabled, and no ")
    assert caplog.messages[1].startswith("started without an optional plugin: plugin clash (accord-clashing 1.0): ")
    with pytest.raises(PluginsRefused) as raised:
        load_plugins(Settings(plugins=("clinic", "clash"), optional_plugins=("clinic", "xyzzy")))
    assert raised.value.problems[0] == (
        "optional_plugins: the optional plugin xyzzy is not among the plugins; add it there, too, or take it out."
    )
