"""The project that the pack runs on: its folder, and the `finops.yaml` in it, which configures the policies.

    version: 1
    tags: {team: [web, data], owner: []}    # required tags with their allowed values, [] for any value
    label_prefix: example.com/              # of these tags as labels of Kubernetes objects
    production: [main]                      # the production environments; without it PRODUCTION
    budgets: [platform]                     # names of budgets that exist outside of the stacks
    monthly_limit_usd: 5000                 # of a stack, in US dollars
    policies:                               # as in the file of --policy-pack-config, which wins over this one
      all: advisory                         # advisory, mandatory or disabled
      gp2-volume: mandatory
      log-group-has-retention: {enforcementLevel: advisory, maximum_days: 365}

All keys but `version` may be left out. docs/policies-in-your-repository.md describes them.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel, Policy

from policies.catalogue.entries import entries
from policies.rule import options_of
from teei_finops.costing.yaml_file import SettingError, known, load, mapping, near, number, text, version_1
from teei_finops.policy_pack import PACK_CONFIG, PROJECT_VARIABLE

PACK = Path(__file__).resolve().parent
# Without what these need, they would report every resource of a stack.
NEED_TAGS = ("required-tags", "allowed-tag-values")
NEED_BUDGETS = ("stack-has-a-budget", "budget-tag-names-a-budget")
BUDGET_TAG = "budget"
LEVEL = "enforcementLevel"  # beside the options, as in the file of --policy-pack-config
ALL = "all"  # sets the level of every policy that is not disabled
LEVELS = {
    level.value: level
    for level in (EnforcementLevel.ADVISORY, EnforcementLevel.MANDATORY, EnforcementLevel.DISABLED)
}
_KEYS = ("version", "tags", "label_prefix", "production", "budgets", "monthly_limit_usd", "policies")

PolicyConfig = dict[str, Any]


def project_folder(environment: Mapping[str, str], working_directory: Path) -> Path | None:
    """The folder that the variable names; else the one with the nearest Pulumi.yaml at or above the working
    directory, or at or above the one in which the user started the engine. None where there is none.

    The working directory is the program's or, where the engine has no language host for Python, the pack's,
    which counts last.
    """
    if environment.get(PROJECT_VARIABLE):
        return Path(environment[PROJECT_VARIABLE])
    starts = [working_directory, Path(environment.get("PWD") or working_directory)]
    if working_directory.resolve() == PACK:
        starts.reverse()
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / "Pulumi.yaml").is_file() or (folder / "Pulumi.yml").is_file():
                return folder
    return None


def initial_config(folder: Path | None, policies: Iterable[Policy]) -> dict[str, PolicyConfig]:
    """The config of these policies, by their ids, that `finops.yaml` in the folder sets.

    Policies that need config are disabled where it has none for them. Raises `SettingError`.
    """
    options = {policy.name: options_of(policy) for policy in policies}
    file = folder / PACK_CONFIG if folder else None
    document = {"version": 1} if file is None or not file.is_file() else load(file)
    where = str(file)
    values = mapping(document, where, _KEYS)
    version_1(values, where)
    config: dict[str, PolicyConfig] = {
        policy: {LEVEL: EnforcementLevel.DISABLED} for policy in (*NEED_TAGS, *NEED_BUDGETS)
    }
    if "production" in values:
        production = {"environments": _texts(values["production"], f"{where}: production")}
        config |= {policy: production for policy, names in options.items() if "environments" in names}
    if "tags" in values:
        config |= _tags(values, where)
    if "budgets" in values:
        budgets = _texts(values["budgets"], f"{where}: budgets")
        config["stack-has-a-budget"] = {"budgets": budgets}
        if BUDGET_TAG in values.get("tags", {}):
            config["budget-tag-names-a-budget"] = {"budgets": budgets}
    if "monthly_limit_usd" in values:
        limit = number(values["monthly_limit_usd"], f"{where}: monthly_limit_usd")
        config["estimated-cost-within-budget"] = {"monthly_limit_usd": float(limit)}
    chosen = mapping(values.get("policies") or {}, f"{where}: policies")
    level = _policy(chosen.pop(ALL), f"{where}: policies: {ALL}") if ALL in chosen else {}
    if level:
        config = {policy: level | config.get(policy, {}) for policy in options}
    for policy, given in chosen.items():
        place = f"{where}: policies: {policy}"
        if policy not in options:
            raise SettingError(f"{place}: unknown policy{near(policy, options)}")
        previous = config.get(policy, {})
        if previous.get(LEVEL) is EnforcementLevel.DISABLED:
            previous = level
        chosen_options = _policy(given, place)
        check_options(place, chosen_options.keys() - {LEVEL}, options[policy])
        config[policy] = previous | chosen_options
    # The SDK would report a policy that has options without a level as advisory.
    return {policy: {LEVEL: LEVELS[entries()[policy].level]} | values for policy, values in config.items()}


def check_options(where: str, given: Iterable[str], options: Collection[str]) -> None:
    """Raises `SettingError` for an option that the policy does not have, which the SDK ignores."""
    for option in given:
        if option not in options:
            raise SettingError(f"{where}: unknown option {option!r}{near(option, options)}")


def _tags(values: Mapping[str, Any], where: str) -> dict[str, PolicyConfig]:
    allowed = mapping(values["tags"], f"{where}: tags")
    prefix = values.get("label_prefix")
    options = {
        "keys": list(allowed),
        "values": {key: _texts(choices or [], f"{where}: tags: {key}") for key, choices in allowed.items()},
        "label_prefix": text(prefix, f"{where}: label_prefix") if prefix else "",
    }
    return dict.fromkeys(NEED_TAGS, options)


def _policy(given: Any, where: str) -> PolicyConfig:
    if not isinstance(given, str | dict):
        levels = ", ".join(sorted(LEVELS))
        raise SettingError(f"{where}: must be a level or options, not {given!r}; levels: {levels}")
    options = mapping({LEVEL: given} if isinstance(given, str) else given, where)
    level = options.get(LEVEL)
    if level is None:
        return options
    if level not in LEVELS:
        raise SettingError(f"{where}: {LEVEL} {level!r}{near(str(level), LEVELS) or known(LEVELS)}")
    return options | {LEVEL: LEVELS[level]}


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        raise SettingError(f"{where}: must be a list of names")
    return [text(item, where) for item in value]
