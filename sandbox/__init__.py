"""Runs any Pulumi command on a Python program with no AWS account, no cluster and no network.

    python -m sandbox [-C DIR] -- preview -s staging      any pulumi command, with nothing added to it
    python -m sandbox preview|up|destroy --stack NAME     with the project's policy pack; exits 0, 1 or 2
    python -m sandbox review [--stack NAME]… [--base REF] every stack, in throw-away state
    python -m sandbox aws --stack NAME SERVICE OPERATION  asks AWS what the stack made
    python -m sandbox setup                               makes the engine ready

The real engine (`engine`) runs the program in this process (`language_host`, `run`); the stand-in providers
(`aws`, `kubernetes`, `others`) check inputs as the real ones do. What a stack made is in `DIR/build/`: the
engine's state in `state/`, and in `sandbox/` what moto needs to have it again (`aws_account`) and the
settings that a `config set` in the sandbox changed (`stack_config`). No file of the project is written.

From Python, what a stack made is read back with boto3:

    account = account_of(place, Project.at(place.project), "prod")  # sandbox.providers, sandbox.stacks
    with account.boto3() as boto3:
        boto3.client("s3").list_buckets()
    account.close()
"""
