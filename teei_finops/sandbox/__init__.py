"""Runs a Pulumi program without an AWS account, a cluster or a network.

    teei-finops sandbox [-C DIR] -- preview -s staging      any pulumi command
    teei-finops sandbox preview|up|destroy --stack NAME     one stack, with the project's policy pack
    teei-finops sandbox review [--stack NAME]… [--base REF] every stack, in temporary state
    teei-finops sandbox aws --stack NAME SERVICE OPERATION  a call on the account of `sandbox --moto up`
    teei-finops sandbox setup                               find or build the engine

The real engine (`engine/binary.py`) has the program run by `program/`: in this process, or in one of the
program's own Python. The fake providers (`providers/`) check inputs as the real ones do and compute outputs
from them; with `--moto` AWS resources are also created in a fake account. The state directory (`--state`,
else in the user's cache) has the engine's state in `state/`; in `sandbox/` the journals that restore the fake
AWS accounts (`providers/aws/account.py`) and the configuration that `config set` changed (`stack_config.py`).
No file of the project is written.

In Python, `providers.attached.account_of` gives the fake AWS account of a stack:

    account = account_of(workspace, Project.at(workspace.project), "prod")
    with account.session() as session:
        session.client("s3").list_buckets()
    account.close()
"""
