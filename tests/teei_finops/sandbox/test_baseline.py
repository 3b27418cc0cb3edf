"""The baseline of a review from a git repository: subfolders, worktrees, submodules, shallow clones."""

import subprocess

import pytest

from teei_finops.sandbox.baseline import unpack_baseline
from teei_finops.sandbox.errors import SandboxError


def git(directory, *arguments):
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always"]
    subprocess.run([*command, "-C", str(directory), *arguments], check=True, capture_output=True)


def committed(directory, **files):
    """Write files, `/` in a name written as `__`, and commit them."""
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / ".git").exists():
        git(directory, "init", "-q")
    for name, text in files.items():
        file = directory / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "change")


@pytest.fixture
def repository(tmp_path):
    """A program in a subfolder that imports from the folder beside it, changed after the first commit."""
    root = tmp_path / "repository"
    committed(root, infra__Pulumi="name: shop", shared__network="old", infra__stack="old")
    (root / ".gitattributes").write_text("shared export-ignore\n")
    committed(root, infra__stack="new", shared__network="new")
    return root


def test_a_program_in_a_subfolder_has_the_folders_beside_it(repository, tmp_path):
    program = unpack_baseline("HEAD~1", repository / "infra", tmp_path / "base")
    assert program == tmp_path / "base" / "infra"
    assert (program / "stack").read_text() == "old"
    assert (tmp_path / "base" / "shared" / "network").read_text() == "old"


def test_files_that_an_archive_would_leave_out_are_part_of_the_baseline(repository, tmp_path):
    unpack_baseline("HEAD", repository / "infra", tmp_path / "base")
    assert (tmp_path / "base" / "shared" / "network").read_text() == "new"


def test_uncommitted_changes_and_the_index_stay_as_they_are(repository, tmp_path):
    (repository / "infra" / "stack").write_text("staged")
    git(repository, "add", "-A")
    (repository / "infra" / "stack").write_text("not staged")
    program = unpack_baseline("HEAD", repository / "infra", tmp_path / "base")
    assert (program / "stack").read_text() == "new"
    assert (repository / "infra" / "stack").read_text() == "not staged"
    staged = subprocess.run(["git", "-C", repository, "show", ":infra/stack"], capture_output=True, text=True)
    assert staged.stdout == "staged"
    assert {entry.name for entry in tmp_path.iterdir()} == {"base", "repository"}


def test_a_worktree_has_the_commits_of_its_repository(repository, tmp_path):
    git(repository, "worktree", "add", "-q", str(tmp_path / "worktree"))
    program = unpack_baseline("HEAD~1", tmp_path / "worktree" / "infra", tmp_path / "base")
    assert (program / "stack").read_text() == "old"


def test_a_submodule_has_the_files_of_the_commit_that_the_baseline_pins(repository, tmp_path):
    library = tmp_path / "library"
    committed(library, module="first")
    git(repository, "submodule", "add", "-q", str(library), "infra/library")
    committed(repository, infra__stack="with library")
    committed(library, module="second")
    git(repository / "infra" / "library", "pull", "-q")
    committed(repository, infra__stack="newer library")
    program = unpack_baseline("HEAD~1", repository / "infra", tmp_path / "base")
    assert (program / "library" / "module").read_text() == "first"
    assert (repository / "infra" / "library" / "module").read_text() == "second"


def test_the_error_about_a_shallow_clone_has_the_command_that_deepens_it(repository, tmp_path):
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "clone")
    with pytest.raises(SandboxError, match=r"shallow clone .*run `git fetch --unshallow`"):
        unpack_baseline("HEAD~1", tmp_path / "clone" / "infra", tmp_path / "base")


@pytest.mark.parametrize(
    ("reference", "message"),
    [("no-such-branch", "unknown git reference"), ("./before", "no folder ./before")],
)
def test_the_error_about_an_unknown_baseline_names_it(repository, tmp_path, reference, message):
    with pytest.raises(SandboxError, match=message):
        unpack_baseline(reference, repository / "infra", tmp_path / "base")


def test_a_directory_without_a_repository_is_an_error(tmp_path):
    with pytest.raises(SandboxError, match=r"in no git repository; give \./FOLDER"):
        unpack_baseline("HEAD", tmp_path, tmp_path / "base")


def test_a_folder_replaces_files_in_a_copy_of_the_project(tmp_path):
    project = tmp_path / "project"
    (project / "before").mkdir(parents=True)
    for name, text in (("stack", "new"), ("kept", "kept"), ("before/stack", "old")):
        (project / name).write_text(text)
    program = unpack_baseline("./before", project, tmp_path / "base")
    assert (program / "stack").read_text() == "old"
    assert (program / "kept").read_text() == "kept"
