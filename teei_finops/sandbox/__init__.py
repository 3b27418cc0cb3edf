"""Runs any Pulumi command on a Python program with no AWS account, no cluster and no network.

    teei-finops sandbox [-C DIR] -- preview -s staging      any pulumi command, with nothing added to it
    teei-finops sandbox preview|up|destroy --stack NAME     with the project's policy pack; exits 0, 1 or 2
    teei-finops sandbox review [--stack NAME]… [--base REF] every stack, in temporary state
    teei-finops sandbox aws --stack NAME SERVICE OPERATION  queries the fake AWS account of a stack
    teei-finops sandbox setup                               finds or builds the engine

The real engine (`engine/binary.py`) runs the program in this process (`engine/language_host.py`, `run.py`);
the fake providers (`providers/`) check inputs as the real ones do. State is in `DIR/build/`: the engine's in
`state/`, and in `sandbox/` the journal that restores the fake account (`providers/aws/account.py`) and the
settings that a `config set` in the sandbox changed (`stack_config.py`). No file of the project is written.

From Python, `providers.attached.account_of` gives the fake account of a stack, to be read with boto3:

    account = account_of(workspace, Project.at(workspace.project), "prod")
    with account.boto3() as boto3:
        boto3.client("s3").list_buckets()
    account.close()
"""
