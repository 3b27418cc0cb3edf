"""The copy of a stack file that a run uses, and the changes that are stored."""

import pytest
import yaml

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.passphrase import SANDBOX, Crypter, crypter_for
from teei_finops.sandbox.stack_config import copy_for_run

SALT = "v1:c2FsdHNhbHQ="


def owner_crypter():
    """The crypter of a stack file that belongs to a user with a passphrase."""
    crypter = Crypter("correct horse", SALT)
    return Crypter("correct horse", f"{SALT}:{crypter.encrypt('pulumi')}")


def copied(tmp_path, text, environment=None):
    stack_file = tmp_path / "Pulumi.dev.yaml"
    if text is not None:
        stack_file.write_text(text)
    config = copy_for_run(stack_file, tmp_path / "scratch", "dev", tmp_path, environment or {})
    return config, yaml.safe_load(config.copy.read_text())


def test_the_copy_has_the_values_as_they_are_written(tmp_path):
    text = "config:\n  p:window: 12:30\n  p:flag: yes\n  p:limit: 1e3\n  p:list: [a, {b: 2025-01-01}]\n"
    config, _ = copied(tmp_path, text)
    lines = config.copy.read_text()
    for written in ("12:30", "yes", "1e3", "2025-01-01"):
        assert written in lines
        assert f"'{written}'" not in lines


def test_the_copy_of_a_missing_file_is_empty(tmp_path):
    _, data = copied(tmp_path, None)
    assert data == {"encryptionsalt": SANDBOX.salt}


def test_a_secret_is_decrypted_with_the_passphrase_of_the_user(tmp_path):
    owner = owner_crypter()
    text = yaml.safe_dump(
        {"encryptionsalt": owner.salt, "config": {"p:key": {"secure": owner.encrypt("hush")}}}
    )
    config, data = copied(tmp_path, text, {"PULUMI_CONFIG_PASSPHRASE": "correct horse"})
    assert SANDBOX.decrypt(data["config"]["p:key"]["secure"]) == "hush"
    assert config.placeholders == ()


def test_a_secret_that_cannot_be_decrypted_becomes_a_placeholder_and_is_named(tmp_path):
    owner = owner_crypter()
    nested = {"db": [{"secure": owner.encrypt("hush")}]}
    text = yaml.safe_dump({"encryptionsalt": owner.salt, "config": {"p:keys": nested}})
    config, data = copied(tmp_path, text, {"PULUMI_CONFIG_PASSPHRASE": "wrong"})
    assert config.placeholders == ("p:keys.db[0]",)
    assert SANDBOX.decrypt(data["config"]["p:keys"]["db"][0]["secure"]) != "hush"


def test_changes_are_stored_for_the_next_run_and_not_in_the_stack_file(tmp_path):
    text = "config:\n  p:a: 1\n  p:b: 2\n"
    config, data = copied(tmp_path, text)
    data["config"] = {"p:a": 3, "p:c": "new"}
    config.copy.write_text(yaml.safe_dump(data))
    assert config.store_changes() == ("p:a", "p:b", "p:c")
    assert not config.copy.exists()
    next_config, data = copied(tmp_path, text)
    assert data["config"] == {"p:a": 3, "p:c": "new"}
    assert next_config.overridden == ("p:a", "p:b", "p:c")
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == text
    assert next_config.store_changes() == ()


def test_the_copy_of_a_killed_run_is_deleted(tmp_path):
    stale = tmp_path / "scratch" / "dev.4194303.yaml"
    stale.parent.mkdir()
    stale.write_text("{}")
    copied(tmp_path, "config: {}\n")
    assert not stale.exists()


def test_a_wrong_or_missing_passphrase_gives_no_crypter():
    owner = owner_crypter()
    assert crypter_for(owner.salt, {"PULUMI_CONFIG_PASSPHRASE": "wrong"}) is None
    assert crypter_for(owner.salt, {}) is None
    crypter = crypter_for(owner.salt, {"PULUMI_CONFIG_PASSPHRASE": "correct horse"})
    assert crypter is not None
    assert crypter.decrypt(owner.encrypt("hush")) == "hush"


def test_the_salt_of_the_sandbox_belongs_to_its_passphrase():
    assert SANDBOX.is_valid()


def test_the_values_of_an_imported_environment_are_below_those_of_the_stack_file(tmp_path):
    definition = tmp_path / "environments" / "acme" / "prod.yaml"
    definition.parent.mkdir(parents=True)
    definition.write_text(
        "values:\n  pulumiConfig:\n    p:size: 2\n    p:zone: a\n    p:key: {fn::secret: hush}\n"
    )
    text = "environment: [acme/prod@stable, acme/other]\nconfig: {p:size: 5}\n"
    config, data = copied(tmp_path, text)
    assert data["config"]["p:size"] == 5
    assert data["config"]["p:zone"] == "a"
    assert SANDBOX.decrypt(data["config"]["p:key"]["secure"]) == "hush"
    assert "environment" not in data
    assert config.missing_environments == ("acme/other",)
    assert config.store_changes() == ()


def test_a_file_that_defines_no_environment_is_an_error(tmp_path):
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "prod.yaml").write_text("[1]")
    with pytest.raises(SandboxError, match=r"prod\.yaml: must be the definition of an environment"):
        copied(tmp_path, "environment: [prod]\n")


def environment(directory, name, text):
    file = directory / "environments" / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_an_environment_refers_to_values_of_its_own_and_of_those_that_it_imports(tmp_path):
    environment(tmp_path, "base", "values: {region: eu-west-1, network: {cidrs: [10.0.0.0/16], zone: a}}\n")
    environment(
        tmp_path,
        "dev",
        """
imports: [base]
values:
  network: {zone: b}
  password: {fn::secret: hush}
  aws: {login: {"fn::open::aws-login": {oidc: {}}}}
  pulumiConfig:
    aws:region: ${region}
    p:cidr: ${network.cidrs[0]}
    p:cidrs: ${network.cidrs}
    p:zone: zone ${network["zone"]} of ${region}
    p:url: db://app:${password}@db
    p:token: ${aws.login.accessKeyId}
  environmentVariables: {ZONE: "${network.zone}", DEBUG: true, PASSWORD: "${password}"}
""",
    )
    config, data = copied(tmp_path, "environment: [dev]\n")
    values = data["config"]
    assert values["aws:region"] == "eu-west-1"
    assert values["p:cidr"] == "10.0.0.0/16"
    assert values["p:cidrs"] == ["10.0.0.0/16"]
    assert values["p:zone"] == "zone b of eu-west-1"
    assert SANDBOX.decrypt(values["p:url"]["secure"]) == "db://app:hush@db"
    assert values["p:token"] == "sandbox-placeholder"
    assert config.placeholders == ("p:token",)
    assert config.variables == {"ZONE": "b", "DEBUG": "true", "PASSWORD": "hush"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imports: [prod]\n", r"prod\.yaml: imports itself: prod -> prod"),
        ('values: {a: "${b}", b: "${a}", pulumiConfig: {"p:a": "${a}"}}\n', "refers to itself"),
        ("imports: 3\n", "must be the definition of an environment"),
        ("values: {pulumiConfig: [1]}\n", "must be the definition of an environment"),
    ],
)
def test_a_mistake_in_an_environment_is_an_error(tmp_path, text, message):
    environment(tmp_path, "prod", text)
    with pytest.raises(SandboxError, match=message):
        copied(tmp_path, "environment: [prod]\n")
