"""Which AWS types take tags.

The list in `taggable_types.csv` is generated from the source text of the AWS SDK by
`python -m policies.catalogue`, because importing the SDK would slow down the start of the pack. A test
compares the two.
"""

import csv
import re
from importlib.util import find_spec
from pathlib import Path

LIST = Path(__file__).with_name("taggable_types.csv")
MAP, PAIRS = "map", "list"

_TOKEN = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'(?P<token>aws:[^']+)'")
_TAGS = re.compile(r"\n    def tags\(self\) -> (?P<type>.+):\n")
_MAP = re.compile(r"Mapping\[str,")
_PAIRS = re.compile(r"Sequence\[pulumi\.Input\['\w*TagArgs'\]\]")
# Their `tags` select other resources by tag; they are not tags of the resource itself.
SELECTORS = frozenset({"aws:inspector/resourceGroup:ResourceGroup"})


def from_sdk() -> dict[str, str]:
    """For each type that takes tags their form: `map` (key to value) or `list` (of key and value)."""
    spec = find_spec("pulumi_aws")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pulumi_aws is not installed; run make setup")
    forms = {}
    for source in (
        path for folder in spec.submodule_search_locations for path in Path(folder).rglob("[!_]*.py")
    ):
        text = source.read_text("utf-8")
        resource, tags = _TOKEN.search(text), _TAGS.search(text)
        if resource is None or tags is None or resource["token"] in SELECTORS:
            continue
        if _PAIRS.search(tags["type"]):
            forms[resource["token"]] = PAIRS
        elif _MAP.search(tags["type"]):
            forms[resource["token"]] = MAP
    return dict(sorted(forms.items()))


def taggable_types() -> dict[str, str]:
    """The committed list, as `from_sdk` returns it."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return {row["type"]: row["tags"] for row in csv.DictReader(file)}


def write() -> None:
    """Generate the list again."""
    with LIST.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["type", "tags"])
        rows.writerows(from_sdk().items())
