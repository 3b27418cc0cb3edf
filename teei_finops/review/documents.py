"""Reports from files: a preview is reviewed, the document of an earlier review is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from teei_finops.costing.command_files import read_text
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.yaml_file import SettingError
from teei_finops.errors import UserError
from teei_finops.review.report import build_report
from teei_finops.review.report_schema import VERSION, Report


def report_of_file(path: str, options: CostOptions) -> Report:
    """The review of one preview, or the document in the file. Raises `UserError`."""
    text = read_text(path)
    return read_document(text, path) or build_report([read_plan(text, name=path)], options)


def report_of_files(paths: Sequence[str], options: CostOptions) -> Report:
    """One review of several previews, or the one document."""
    if len(paths) == 1:
        return report_of_file(paths[0], options)
    return build_report([read_plan(read_text(path), name=path) for path in paths], options)


def read_document(text: str, name: str) -> Report | None:
    """None when the text is no document of a review. Raises `SettingError` for one that cannot be used."""
    if not (text.lstrip().startswith("{") and '"price_date"' in text and '"verdict"' in text):
        return None
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SettingError(f"{name}: the document of the review is cut off: {error}") from None
    if not isinstance(document, dict) or "price_date" not in document:
        return None
    if document.get("version") != VERSION:
        raise SettingError(
            f"{name}: a document of version {document.get('version')}, not {VERSION}; "
            "create it again with this version of teei-finops"
        )
    _check_schema(document, name)
    return cast(Report, document)


def _check_schema(document: dict[str, Any], name: str) -> None:
    """Raises `SettingError` with the path of the first value that the JSON Schema does not allow."""
    try:
        from jsonschema_rs import validator_for
    except ImportError:
        raise UserError(
            f"{name}: jsonschema-rs, which checks documents, is not installed; "
            "run pip install 'teei-finops[documents]'"
        ) from None
    schema = json.loads(Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
    for error in validator_for(schema, mask="the value").iter_errors(document):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        raise SettingError(
            f"{name}: not a valid document of a review: {path.lstrip('.') or 'the document'}: {error.message}"
        )
