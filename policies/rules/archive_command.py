"""What an archive_command does to the WAL segment it is given as `%p`."""

import re

SEGMENT = "%p"
_REMOVERS = frozenset({"rm", "mv", "unlink", "shred", "truncate", "move", "moveto"})
_REMOVING = frozenset({"--remove-source-files", "--rm", "-delete"})
_COMPRESSORS = frozenset({"gzip", "bzip2", "xz", "pigz"})
_KEEPS = re.compile(r"\s(-[a-z0-9]*[ck][a-z0-9]*|--stdout|--to-stdout|--keep)\b|<")
_EMPTIES = re.compile(r">\s*%p")
_STEPS = re.compile(r"&&|\|\||[;\n]")
_QUOTES = str.maketrans("'\"()`", "     ")


def deletes_segment(command: str) -> bool:
    """The command removes, moves or empties `%p`; copying it away is all it may do."""
    return any(map(_step_deletes, _STEPS.split(command.translate(_QUOTES))))


def _step_deletes(step: str) -> bool:
    """One pipeline; through xargs a program gets the segment from the stage before."""
    if SEGMENT not in step:
        return False
    through_xargs = "xargs" in step and bool(_programs(step) & _REMOVERS)
    return through_xargs or any(_stage_deletes(stage) for stage in step.split("|") if SEGMENT in stage)


def _stage_deletes(stage: str) -> bool:
    programs = _programs(stage)
    if programs & (_REMOVERS | _REMOVING) or _EMPTIES.search(stage):
        return True
    return bool(programs & _COMPRESSORS) and not _KEEPS.search(stage)


def _programs(text: str) -> set[str]:
    """The words, without the directories of a program."""
    return {word.rpartition("/")[2] for word in text.split()}
