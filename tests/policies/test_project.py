"""The folder of the project, and what its `finops.yaml` sets."""

import pytest
from pulumi_policy import EnforcementLevel

from policies import pack as pack_module
from policies.project import NEED_BUDGETS, NEED_TAGS, PACK, initial_config, project_folder
from teei_finops.costing.yaml_file import SettingError
from tests.policies.pack_client import Pack

POLICIES = Pack().policies
DISABLED = {"enforcementLevel": EnforcementLevel.DISABLED}
MANDATORY = {"enforcementLevel": EnforcementLevel.MANDATORY}
ADVISORY = {"enforcementLevel": EnforcementLevel.ADVISORY}


def config_of(tmp_path, text: str) -> dict:
    (tmp_path / "finops.yaml").write_text(f"version: 1\n{text}")
    return initial_config(tmp_path, POLICIES)


def test_the_variable_names_the_folder_of_the_project(tmp_path):
    (tmp_path / "Pulumi.yaml").touch()
    assert project_folder({"TEEI_FINOPS_PROJECT": "/elsewhere"}, tmp_path).as_posix() == "/elsewhere"


def test_without_the_variable_the_nearest_program_above_the_working_directory_is_the_project(tmp_path):
    program, pack = tmp_path / "program", tmp_path / "pack"
    for folder in (program / "src", pack):
        folder.mkdir(parents=True)
    (program / "Pulumi.yaml").touch()
    assert project_folder({}, program / "src") == program
    assert project_folder({"PWD": str(program / "src")}, pack) == program, "the pack's folder is no project"
    assert project_folder({"PWD": str(pack)}, pack) is None
    assert project_folder({"PWD": str(program)}, PACK) == program, "of the pack that our own project has, too"
    assert project_folder({}, PACK) == pack_module.ROOT
    (program / "Pulumi.yaml").rename(program / "Pulumi.yml")
    assert project_folder({}, program) == program


@pytest.mark.parametrize("has_file", [True, False])
def test_policies_that_need_config_are_disabled_without_it(tmp_path, has_file):
    if has_file:
        (tmp_path / "finops.yaml").write_text("version: 1\n")
    expected = dict.fromkeys((*NEED_TAGS, *NEED_BUDGETS), DISABLED)
    assert initial_config(tmp_path, POLICIES) == expected == initial_config(None, POLICIES)


def test_tags_enable_the_policies_on_tags(tmp_path):
    config = config_of(tmp_path, "tags: {team: [web, data], owner: []}\nlabel_prefix: acme.com/\n")
    options = MANDATORY | {
        "keys": ["team", "owner"],
        "values": {"team": ["web", "data"], "owner": []},
        "label_prefix": "acme.com/",
    }
    assert [config[policy] for policy in NEED_TAGS] == [options, options]
    assert [config[policy] for policy in NEED_BUDGETS] == [DISABLED, DISABLED]


def test_budgets_enable_the_policies_on_budgets_and_the_tag_budget_that_on_its_values(tmp_path):
    config = config_of(tmp_path, "budgets: [platform]\ntags: {team: []}\n")
    assert [config[policy] for policy in NEED_BUDGETS] == [MANDATORY | {"budgets": ["platform"]}, DISABLED]
    config = config_of(tmp_path, "budgets: [platform]\ntags: {budget: []}\n")
    assert [config[policy] for policy in NEED_BUDGETS] == [MANDATORY | {"budgets": ["platform"]}] * 2


def test_the_production_environments_are_those_of_every_policy_on_production(tmp_path):
    config = config_of(tmp_path, "production: [live]\npolicies: {nat-gateways-in-prod: advisory}\n")
    in_production = {policy.name for policy in POLICIES if "environments" in policy.config_schema.properties}
    assert len(in_production) > 5
    assert {
        policy for policy, values in config.items() if values.get("environments") == ["live"]
    } == in_production


def test_levels_and_options_are_those_of_the_policy_pack_config(tmp_path):
    config = config_of(
        tmp_path,
        "monthly_limit_usd: 5000\n"
        "policies:\n"
        "  gp2-volume: disabled\n"
        "  function-memory-is-limited: {maximum_mib: 512}\n"
        "  stack-has-a-budget: {}\n"
        "  required-tags: mandatory\n"
        "  log-group-has-retention: {enforcementLevel: advisory, maximum_days: 365}\n",
    )
    assert config["estimated-cost-within-budget"] == MANDATORY | {"monthly_limit_usd": 5000}
    assert config["gp2-volume"] == DISABLED
    assert config["stack-has-a-budget"] == config["required-tags"] == MANDATORY
    assert config["log-group-has-retention"] == ADVISORY | {"maximum_days": 365}
    assert config["function-memory-is-limited"] == ADVISORY | {"maximum_mib": 512}


def test_all_sets_the_level_of_the_policies_that_are_not_disabled(tmp_path):
    config = config_of(
        tmp_path,
        "tags: {team: []}\npolicies:\n  all: advisory\n  gp2-volume: mandatory\n  stack-has-a-budget: {}\n",
    )
    assert set(config) == {policy.name for policy in POLICIES}
    assert config["backups-expire"] == config["stack-has-a-budget"] == ADVISORY
    assert config["gp2-volume"] == MANDATORY
    assert config["required-tags"]["keys"] == ["team"]
    assert config["required-tags"]["enforcementLevel"] is EnforcementLevel.ADVISORY
    assert config["budget-tag-names-a-budget"] == DISABLED


def test_the_stacks_of_this_repository_are_checked_for_tags_and_budgets():
    config = initial_config(pack_module.ROOT, POLICIES)
    assert [config[policy] for policy in (*NEED_TAGS, *NEED_BUDGETS)] == [MANDATORY] * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: {}", "finops.yaml: unknown key 'rules'"),
        (
            "policies: {gp2-volumes: mandatory}",
            "policies: gp2-volumes: unknown policy; did you mean 'gp2-volume'?",
        ),
        (
            "policies: {gp2-volume: off}",
            "policies: gp2-volume: must be a level or options, not False; levels: ",
        ),
        ("policies: {gp2-volume: {typs: [gp2]}}", "gp2-volume: unknown option 'typs'; did you mean 'types'?"),
        ("policies: {gp2-volume: manditory}", "enforcementLevel 'manditory'; did you mean 'mandatory'?"),
        (
            "policies: {gp2-volume: {enforcementLevel: 3}}",
            "enforcementLevel 3; known: advisory, disabled, mandatory",
        ),
        ("tags: [team]", "tags: must be a mapping"),
        ("tags: {team: web}", "tags: team: must be a list of names"),
        ("production: live", "production: must be a list of names"),
        ("budgets: platform", "budgets: must be a list of names"),
        ("monthly_limit_usd: much", "monthly_limit_usd: must be a number"),
        ("tags: {team: []}\nlabel_prefix: [a]", "label_prefix: must be text"),
    ],
)
def test_what_is_wrong_with_the_file_is_one_line_with_its_place(tmp_path, text, message):
    with pytest.raises(SettingError) as error:
        config_of(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path}/finops.yaml: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
