"""The types of the AWS provider that have tags, according to its SDK."""

import importlib
import inspect
import warnings


def can_be_tagged(token: str) -> bool:
    """Whether a type such as `aws:s3/bucket:Bucket` has an input `tags`."""
    _, module, name = token.split(":")
    package = module.split("/")[0].replace("lambda", "lambda_")  # `lambda` is a keyword of Python
    with warnings.catch_warnings():  # the SDK warns about its own deprecated names when it is imported
        warnings.simplefilter("ignore", DeprecationWarning)
        resource = getattr(importlib.import_module(f"pulumi_aws.{package}"), name)
    return "tags" in inspect.signature(resource._internal_init).parameters
