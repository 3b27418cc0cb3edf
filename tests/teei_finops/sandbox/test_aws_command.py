"""`sandbox aws` on a stack without an account."""

import json
from argparse import Namespace

import pytest

from teei_finops.sandbox.aws_command import query_account
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.stacks import checkpoint_file
from teei_finops.sandbox.workspace import Workspace


def test_a_stack_that_was_deployed_without_an_account_is_not_shown_as_empty(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    workspace = Workspace.at(tmp_path, tmp_path / "build")
    state = checkpoint_file(workspace, "shop", "dev")
    state.parent.mkdir(parents=True)
    resources = [{"type": "aws:s3/bucket:Bucket", "id": "files"}]
    state.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))
    options = Namespace(
        stack="dev", region="us-east-1", service="s3api", operation="list-buckets", parameters=[]
    )
    with pytest.raises(SandboxError, match="dev was deployed without a fake account"):
        query_account(options, workspace)
