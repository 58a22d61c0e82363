"""The schema as linters see it: everything described, in alphabetical order, and as Relay wants it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from accord.graph.records.account import AccountStatus
from accord.schema.building import WELCOME, BuiltSchema
from accord.tests.accord_fixture import Bench, core_schema
from accord.tests.clients.node_project import Installed, install
from accord.tests.waiting import PATIENCE

LINT = Path(__file__).parent / "lint"
INPUTS = ("CreateAccountInput", "UpdateAccountInput", "UpsertAccountInput")


@pytest.fixture(scope="module")
def installed() -> Installed:
    return install(LINT)


@pytest.fixture(scope="module")
def schema() -> BuiltSchema:
    return core_schema()


def findings(installed: Installed, folder: Path, sdl: str) -> list[tuple[str | None, str]]:
    """What ESLint finds wrong with a schema: the rules and what they say."""
    shutil.copy(LINT / "eslint.config.js", folder)
    shutil.copy(LINT / "package.json", folder)
    (folder / "node_modules").symlink_to(installed.modules, target_is_directory=True)
    (folder / "schema.graphql").write_text(sdl, "utf-8")
    program = installed.modules / "eslint" / "bin" / "eslint.js"
    command = [installed.node.program, str(program), "--format=json", "schema.graphql"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode in {0, 1}, done.stderr
    (file,) = json.loads(done.stdout)
    return [(found["ruleId"], found["message"]) for found in file["messages"]]


def test_everything_is_described_and_in_order(schema: BuiltSchema) -> None:
    named = {name: type_ for name, type_ in schema.core.type_map.items() if not name.startswith("__")}
    lists = {"types": list(named)}
    described = {name: type_.description for name, type_ in named.items()}
    for name, type_ in named.items():
        if isinstance(type_, GraphQLEnumType):
            described |= {f"{name}.{one}": value.description for one, value in type_.values.items()}
            lists[name] = list(type_.values)
        elif isinstance(type_, GraphQLInputObjectType):
            described |= {f"{name}.{one}": field.description for one, field in type_.fields.items()}
            lists[name] = list(type_.fields)
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            lists[name] = list(type_.fields)
            for one, field in type_.fields.items():
                described[f"{name}.{one}"] = field.description
                described |= {f"{name}.{one}.{key}": argument.description for key, argument in field.args.items()}
                lists[f"{name}.{one}"] = list(field.args)
    assert [name for name, text in described.items() if not text or text != text.strip()] == []
    for name, members in lists.items():
        assert members == sorted(members, key=lambda member: (member != "id", member.casefold())), name


async def test_the_schema_says_where_to_begin(bench: Bench) -> None:
    shown = (await bench.ask("{ __schema { description } }"))["__schema"]["description"]
    assert shown == WELCOME
    named = ("accounts", "node", "filter", "errors", "violations", "dryRun", "extensions.cost")
    assert [word for word in named if f"`{word}`" not in shown] == []


def test_descriptions_have_the_right_article_and_say_of_a_new_record_what_is_true_of_it(schema: BuiltSchema) -> None:
    types = schema.core.type_map
    assert types["AccountPayload"].description == "What came of writing an Account."
    assert types["ContactPayload"].description == "What came of writing a Contact."
    told = "The people in the account, with roles."
    kept = f"{told} Of a record that is there already, what is not listed stays as it is."
    contacts = {name: _input(schema, name).fields["contacts"].description for name in INPUTS}
    assert contacts == dict(zip(INPUTS, (told, kept, kept), strict=True))


def _input(schema: BuiltSchema, name: str) -> GraphQLInputObjectType:
    type_ = schema.core.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


def test_a_member_of_an_enum_says_what_it_means(schema: BuiltSchema) -> None:
    status = schema.core.type_map["AccountStatus"]
    assert isinstance(status, GraphQLEnumType)
    assert {name: value.description for name, value in status.values.items()} == {
        "ACTIVE": "The account is worked with.",
        "INACTIVE": "Nobody works with the account at present.",
        "ON_HOLD": "Work rests until something is settled.",
    }
    assert AccountStatus("ON_HOLD") is AccountStatus.ON_HOLD
    assert AccountStatus.ON_HOLD == "ON_HOLD"


def test_the_schema_keeps_the_rules_of_linters(installed: Installed, schema: BuiltSchema, tmp_path: Path) -> None:
    assert findings(installed, tmp_path, schema.schema.as_str()) == []


def test_the_rules_are_at_work(installed: Installed, tmp_path: Path) -> None:
    sdl = '''
    type Query { thing: Thing, getThings: ThingConnection! }
    """A thing."""
    type Thing { thingName: String }
    type ThingConnection { edges: [ThingEdge] }
    type ThingEdge { node: Thing }
    """Left over."""
    type Unreachable { id: ID! }
    """Sizes."""
    enum Size { SMALL LARGE }
    '''
    rules = {(rule or "").removeprefix("@graphql-eslint/") for rule, _ in findings(installed, tmp_path, sdl)}
    assert rules >= {
        "alphabetize",
        "naming-convention",
        "no-typename-prefix",
        "no-unreachable-types",
        "relay-arguments",
        "relay-connection-types",
        "relay-edge-types",
        "require-description",
        "require-nullable-result-in-root",
        "strict-id-in-types",
    }
