"""The commands of a page, docs/deploy.md by default, with what the page says that each prints."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/deploy.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """`output` is as on the page, where `…` stands for any text, and on a line of its own for any lines."""

    line: str
    output: tuple[str, ...]

    def prints(self, text: str) -> bool:
        lines = ["(?:.*\n)*?" if line == "…" else _pattern(line) + "\n" for line in self.output]
        return re.fullmatch("".join(lines), text) is not None


def commands(page: Path = PAGE) -> Iterator[Command]:
    for block in _BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *output = part.splitlines()
            yield Command(line, tuple(output))


def _pattern(line: str) -> str:
    return ".*".join(re.escape(text) for text in line.split("…"))
