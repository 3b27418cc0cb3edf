"""Whether an archive_command deletes the WAL segment that PostgreSQL passes to it as `%p`."""

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
    """The command deletes, moves or empties `%p`."""
    return any(map(_step_deletes, _STEPS.split(command.translate(_QUOTES))))


def _step_deletes(step: str) -> bool:
    """Checks one pipeline. With xargs a program gets the segment from the stage before."""
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
    """The words, without the directory of a program."""
    return {word.rpartition("/")[2] for word in text.split()}
