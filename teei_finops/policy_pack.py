"""`teei-finops policy-pack`: where the policy pack is, for `pulumi preview --policy-pack`."""

from __future__ import annotations

import argparse
from pathlib import Path

from teei_finops.command import Command
from teei_finops.errors import UserError

PROJECT_VARIABLE = "TEEI_FINOPS_PROJECT"  # the folder of the project, for the pack
PACK_CONFIG = "finops.yaml"  # in that folder
FOLDER = Path(__file__).resolve().parent


def policy_pack() -> Path:
    """The pack of the installation, else that of the checkout. Raises `UserError` where there is none."""
    for folder in (FOLDER / "pack" / "policies", FOLDER.parent / "policies"):
        if (folder / "PulumiPolicy.yaml").is_file():
            return folder
    raise UserError("policy-pack: this installation has no policy pack; install the wheel of `make build`")


def _print_path(_: argparse.Namespace) -> int:
    print(policy_pack())
    return 0


POLICY_PACK = Command(
    name="policy-pack",
    summary="print the path of the policy pack",
    description="Print the path of the policy pack. It needs pip install 'teei-finops[policies]'.",
    run=_print_path,
    example='teei-finops policy-pack; pulumi preview --policy-pack "$(teei-finops policy-pack)"',
)
