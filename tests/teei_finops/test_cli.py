"""The command line `teei-finops`: what its help says, and its answer to wrong arguments."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from teei_finops import __version__
from teei_finops.cli import COMMANDS, OTHER_NAMES, OTHER_OPTIONS, main
from teei_finops.command import Command


def command_lines(commands: Sequence[Command], *parents: str) -> Iterator[list[str]]:
    for command in commands:
        yield [*parents, command.name]
        yield from command_lines(command.commands, *parents, command.name)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_help_of_every_command_shows_an_example_and_the_exit_codes_and_does_nothing_else(
    capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    lines = list(command_lines(COMMANDS))
    assert ["sandbox", "review"] in lines
    for line in lines:
        for flag in ("-h", "--help"):
            code, out, err = run(capsys, *line, flag)
            assert (code, err) == (0, ""), line
            assert f"example:\n  {'pulumi' if line == ['review'] else 'teei-finops ' + line[0]}" in out, line
            assert "exit codes:\n  " in out, line
    assert list(tmp_path.iterdir()) == []


def test_every_option_says_what_it_does(capsys):
    undocumented = []
    for line in command_lines(COMMANDS):
        _, out, _ = run(capsys, *line, "--help")
        options = out.partition("options:\n")[2].partition("\n\n")[0].splitlines()
        for option, following in zip(options, [*options[1:], ""], strict=True):
            is_option = option.startswith("  -")
            if is_option and "  " not in option.strip() and not following.startswith("      "):
                undocumented.append((line, option))
    assert undocumented == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "teei-finops: no command; choose one of review, diff, explain, comment,"),
        (("reviews",), "teei-finops: no command 'reviews'; did you mean 'review'?"),
        (("breakdown", "--path", "."), "teei-finops: no command 'breakdown'; use 'teei-finops review'"),
        (("usage-from", "focus"), "teei-finops: no command 'usage-from'; use 'teei-finops usage from'"),
        (("quantum",), "teei-finops: no command 'quantum'"),
        (("review",), "teei-finops: review: give either preview files or --config"),
        (("usage",), "teei-finops: usage: no command; choose template, commitments or from"),
        (("comment",), "teei-finops: comment: no service; choose github or gitlab"),
        (
            ("review", "plan.json", "--usage-file", "u.yaml"),
            "teei-finops: unrecognized arguments: --usage-file",
        ),
        (("sandbox",), "teei-finops: sandbox: no command"),
        (("sandbox", "up"), "teei-finops sandbox up: the following arguments are required: --stack"),
    ],
)
def test_wrong_arguments_exit_2_with_one_line_that_names_the_help(capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert "--help'" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("option", "hint"), sorted(OTHER_OPTIONS.items()))
def test_an_option_of_another_tool_has_a_hint(capsys, option, hint):
    code, _, err = run(capsys, "review", "plan.json", option, "file")
    assert code == 2
    assert f"; use {hint};" in err


def test_the_version_is_that_of_the_package(capsys):
    assert run(capsys, "--version") == (0, f"teei-finops {__version__}\n", "")


@pytest.mark.parametrize("name", sorted(OTHER_NAMES))
def test_every_hint_names_a_command_that_there_is(capsys, name):
    command = [word for word in OTHER_NAMES[name].split() if not word.startswith("-") and word.islower()]
    assert run(capsys, *command, "--help")[0] == 0


def test_the_policy_pack_of_a_checkout_is_its_folder(capsys):
    code, out, _ = run(capsys, "policy-pack")
    assert (code, (Path(out.strip()) / "PulumiPolicy.yaml").is_file()) == (0, True)


def test_serve_outside_a_checkout_says_where_to_run_it(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "serve", "--port", "3010")
    assert code == 2
    assert err.endswith("run it in a checkout of the teei-finops project\n")


def test_serve_passes_its_options_on_to_the_service(monkeypatch, tmp_path):
    (tmp_path / "functions" / "ai_budget" / "serve").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    started = []
    monkeypatch.setattr("os.execv", lambda _, command: started.extend(command))
    main(["serve", "--port", "3011", "--workers", "4"])
    assert started[1:] == ["-m", "functions.ai_budget.serve", "--port", "3011", "--workers", "4"]
