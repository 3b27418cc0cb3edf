"""Several projects of one repository, each with its own previews, usage and budgets: `teei-finops.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from teei_finops.costing.command_files import read_plans
from teei_finops.costing.yaml_file import SettingError, flag, load, mapping, text, version_1
from teei_finops.review.commands.pricing_options import cost_options
from teei_finops.review.report import build_report
from teei_finops.review.report_schema import Report, SourceLine

_FILES = ("usage", "budgets", "prices")
_KEYS = ("name", "directory", "previews", *_FILES, "region", "free_tier")


@dataclass(frozen=True)
class ReviewedProject:
    """`directory` is relative to the repository; so are the source lines in its report."""

    name: str
    directory: Path
    previews: tuple[Path, ...]
    options: dict[str, Any]

    def report(self, at: date | None) -> Report:
        plans = read_plans([str(path) for path in self.previews])
        report = build_report(plans, cost_options(**self.options, at=at))
        for source in _sources(report):
            source["file"] = (self.directory / source["file"]).as_posix()
        return report


def read_projects(path: Path) -> list[ReviewedProject]:
    """Raises `SettingError` with the key that is wrong, or the preview that does not exist."""
    name = str(path)
    document = mapping(load(path), name, ("version", "projects"))
    version_1(document, name)
    entries = document.get("projects")
    if not isinstance(entries, list) or not entries:
        raise SettingError(f"{name}: projects must be a list of at least one project")
    projects = [
        _project(entry, f"{name}: projects[{index}]", path.parent) for index, entry in enumerate(entries)
    ]
    names = [project.name for project in projects]
    duplicate = next((project for project in names if names.count(project) > 1), None)
    if duplicate:
        raise SettingError(f"{name}: two projects are named {duplicate!r}; rename one of them")
    return projects


def _project(entry: Any, where: str, root: Path) -> ReviewedProject:
    values = mapping(entry, where, _KEYS)
    name = text(values.get("name"), f"{where}.name")
    if not name.replace("-", "").replace("_", "").isalnum():
        raise SettingError(f"{where}.name: {name!r} is used as a folder; use letters, digits, - and _ only")
    directory = Path(text(values.get("directory", "."), f"{where}.directory"))
    patterns = values.get("previews")
    if not isinstance(patterns, list) or not patterns:
        raise SettingError(f"{where}.previews: must be a list of files or globs")
    previews: list[Path] = []
    for index, pattern in enumerate(patterns):
        pattern = text(pattern, f"{where}.previews[{index}]")
        matching = sorted((root / directory).glob(pattern))
        if not matching:
            raise SettingError(f"{where}.previews[{index}]: no file {root / directory / pattern}")
        previews += matching
    options: dict[str, Any] = {
        key: root / directory / text(values[key], f"{where}.{key}") for key in _FILES if key in values
    }
    if "region" in values:
        options["region"] = text(values["region"], f"{where}.region")
    options["free_tier"] = flag(values.get("free_tier", False), f"{where}.free_tier")
    return ReviewedProject(name, directory, tuple(previews), options)


def _sources(report: Report) -> Iterator[SourceLine]:
    items: list[Any] = [change for plan in report["plan"] for change in plan["changes"]]
    items += [*report["policy"]["violations"], *report["policy"]["not_applicable"]]
    seen: set[int] = set()
    for item in items:
        source = item["source"]
        if source and id(source) not in seen:
            seen.add(id(source))
            yield source
