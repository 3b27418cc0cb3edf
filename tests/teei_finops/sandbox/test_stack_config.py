"""The copy of a stack file that a run reads."""

import yaml

from teei_finops.sandbox.passphrase import SANDBOX, Crypter, crypter_for
from teei_finops.sandbox.stack_config import copy_for_run

STATE = "v1:c2FsdHNhbHQ="


def theirs():
    """What the owners of a stack file would encrypt with."""
    crypter = Crypter("correct horse", STATE)
    return Crypter("correct horse", f"{STATE}:{crypter.encrypt('pulumi')}")


def copied(tmp_path, text, environment=None):
    tracked = tmp_path / "Pulumi.dev.yaml"
    if text is not None:
        tracked.write_text(text)
    config = copy_for_run(tracked, tmp_path / "scratch", "dev", environment or {})
    return config, yaml.safe_load(config.copy.read_text())


def test_values_arrive_as_they_are_written(tmp_path):
    text = "config:\n  p:window: 12:30\n  p:flag: yes\n  p:limit: 1e3\n  p:list: [a, {b: 2025-01-01}]\n"
    config, _ = copied(tmp_path, text)
    lines = config.copy.read_text()
    for written in ("12:30", "yes", "1e3", "2025-01-01"):
        assert written in lines
        assert f"'{written}'" not in lines


def test_a_file_that_does_not_exist_is_empty(tmp_path):
    _, data = copied(tmp_path, None)
    assert data == {"encryptionsalt": SANDBOX.state}


def test_a_secret_of_the_users_own_passphrase_is_read(tmp_path):
    owner = theirs()
    text = yaml.safe_dump(
        {"encryptionsalt": owner.state, "config": {"p:key": {"secure": owner.encrypt("hush")}}}
    )
    config, data = copied(tmp_path, text, {"PULUMI_CONFIG_PASSPHRASE": "correct horse"})
    assert SANDBOX.decrypt(data["config"]["p:key"]["secure"]) == "hush"
    assert config.stood_in == ()


def test_a_secret_that_nobody_here_can_read_has_a_stand_in_and_is_named(tmp_path):
    owner = theirs()
    nested = {"db": [{"secure": owner.encrypt("hush")}]}
    text = yaml.safe_dump({"encryptionsalt": owner.state, "config": {"p:keys": nested}})
    config, data = copied(tmp_path, text, {"PULUMI_CONFIG_PASSPHRASE": "wrong"})
    assert config.stood_in == ("p:keys.db[0]",)
    assert SANDBOX.decrypt(data["config"]["p:keys"]["db"][0]["secure"]) != "hush"


def test_what_a_run_changes_is_kept_for_the_next_and_not_in_the_tracked_file(tmp_path):
    text = "config:\n  p:a: 1\n  p:b: 2\n"
    config, data = copied(tmp_path, text)
    data["config"] = {"p:a": 3, "p:c": "new"}
    config.copy.write_text(yaml.safe_dump(data))
    assert config.keep_changes() == ("p:a", "p:b", "p:c")
    assert not config.copy.exists()
    again, data = copied(tmp_path, text)
    assert data["config"] == {"p:a": 3, "p:c": "new"}
    assert again.overridden == ("p:a", "p:b", "p:c")
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == text
    assert again.keep_changes() == ()


def test_the_copy_of_a_run_that_was_killed_goes(tmp_path):
    left = tmp_path / "scratch" / "dev.4194303.yaml"
    left.parent.mkdir()
    left.write_text("{}")
    copied(tmp_path, "config: {}\n")
    assert not left.exists()


def test_the_passphrase_is_checked_before_it_is_used():
    owner = theirs()
    assert crypter_for(owner.state, {"PULUMI_CONFIG_PASSPHRASE": "wrong"}) is None
    assert crypter_for(owner.state, {}) is None
    found = crypter_for(owner.state, {"PULUMI_CONFIG_PASSPHRASE": "correct horse"})
    assert found is not None
    assert found.decrypt(owner.encrypt("hush")) == "hush"


def test_the_sandboxes_own_state_was_made_with_its_own_passphrase():
    assert SANDBOX.decrypt(SANDBOX.state.split(":", 2)[2]) == "pulumi"
