"""What the author of a plugin got wrong is told with its place, or with what was meant, before anything is enabled."""

import pytest

from accord.tests.plugins.installing import Site
from accord.tests.plugins.surveying import problems


def test_a_misspelt_name_in_after_is_told_with_the_nearest_and_others_may_come_later(site: Site):
    site.install("clinic")
    site.install_broken("circular", "late = circular:Late")
    assert problems(site, "late") == [
        "plugin late (accord-circular 1.0): it comes after 'clinik', and no plugin of that name is installed; did you "
        "mean clinic?"
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Policy(searchabel=False)", "TypeError: Policy.__init__() got an unexpected keyword argument 'searchabel'"),
        ("@query\nasync def found(self, context): ...", "TypeError: write @query(), with its parentheses"),
        ("@mutation\nasync def done(self, unit): ...", "TypeError: write @mutation(), with its parentheses"),
        ("@job\nasync def begun(self, job): ...", "TypeError: write @job(), with its parentheses"),
        ("from accord.plugins import hookimp", "ImportError: cannot import name 'hookimp' from 'accord.plugins'"),
        ("from slips_of import what", "ModuleNotFoundError: No module named 'slips_of'"),
    ],
)
def test_a_slip_in_the_plugins_own_code_is_told_with_its_line(site: Site, line: str, said: str):
    (site.folder / "accord_slips").mkdir()
    (site.folder / "accord_slips" / "__init__.py").write_text("from .records import *\n")
    (site.folder / "accord_slips" / "records.py").write_text(
        f"from accord.plugins import Policy, job, mutation, query\n{line}\n"
    )
    site.describe("accord-slips", "slips = accord_slips:Slips")
    [problem] = problems(site, "slips")
    told = "plugin slips (accord-slips 1.0): its entry point accord_slips:Slips can't be imported: "
    assert problem.startswith(told + said), problem
    advice = (
        "Reinstall it with all that it needs, or take it" if "slips_of" in line else "Correct it, or take the plugin"
    )
    assert problem.endswith(f" (records.py, line 2). {advice} out of the setting plugins.")


def test_operations_are_compared_with_records_and_each_other_before_anything_is_enabled(site: Site):
    site.install("clinic")
    site.install_broken("wrong_operations", "freight = wrong_operations:Freight")
    told = "plugin freight (accord-wrong-operations 1.0): query"
    assert problems(site, "freight") == [
        f"{told} items: its field and that of the record FreightItem would both be freightItems; rename it.",
        f"{told} load_s: it and the query loadS would both be called freightLoadS; rename one of them.",
        f"{told} one: of('FreightItm') is no record; did you mean FreightItem?",
        f"{told} two: of('Depot') is no record; if it is one of the plugin's, add it to its models.",
    ]
