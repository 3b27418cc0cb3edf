"""Which types of the AWS provider take tags, by its SDK."""

import importlib
import inspect
import warnings


def can_be_tagged(token: str) -> bool:
    """Whether a type such as `aws:s3/bucket:Bucket` has an input `tags`."""
    _, module, name = token.split(":")
    package = module.split("/")[0].replace("lambda", "lambda_")  # a word of Python's own
    with warnings.catch_warnings():  # the SDK warns of its own old names when it is first looked into
        warnings.simplefilter("ignore", DeprecationWarning)
        resource = getattr(importlib.import_module(f"pulumi_aws.{package}"), name)
    return "tags" in inspect.signature(resource._internal_init).parameters
