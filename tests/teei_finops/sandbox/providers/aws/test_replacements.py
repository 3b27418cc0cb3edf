"""Which changed properties replace a resource; the table is checked against its own sources."""

import re

import botocore.session
import pytest

from teei_finops.sandbox.providers.aws.replacements import replaces, rules
from teei_finops.sandbox.providers.sdk_schema import schema_of

# The SDK warns about its own deprecated classes when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MISSING_PARAMETER = re.compile(r"(\w+):(\w+) takes no (\w+)")


@pytest.mark.parametrize(
    ("token", "name", "expected"),
    [
        ("aws:s3/bucket:Bucket", "bucket", True),
        ("aws:s3/bucket:Bucket", "tags", False),
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket", True),
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules", False),
        ("aws:rds/instance:Instance", "engine", True),
        ("aws:rds/instance:Instance", "identifier", True),
        ("aws:rds/instance:Instance", "storageEncrypted", True),
        ("aws:rds/instance:Instance", "engineVersion", False),
        ("aws:rds/instance:Instance", "instanceClass", False),
        ("aws:sqs/queue:Queue", "name", True),
        ("aws:sqs/queue:Queue", "region", True),
        ("aws:sqs/queue:Queue", "visibilityTimeoutSeconds", False),
        ("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "name", False),
        ("aws:ecs/taskDefinition:TaskDefinition", "cpu", True),
        ("aws:ecs/taskDefinition:TaskDefinition", "tags", False),
    ],
)
def test_a_changed_property_replaces_the_resource_or_not(token, name, expected):
    assert replaces(token, name) is expected


def test_every_row_has_a_source_and_names_properties_that_exist():
    for rule in rules():
        assert len(rule.source) > 20, rule
        if "*" not in rule.type:
            schema = schema_of(rule.type)
            assert schema is not None, rule
            assert set(rule.properties) - {"*"} <= schema.inputs.keys(), rule


def test_the_api_lacks_the_parameters_that_the_sources_say_it_lacks():
    session = botocore.session.get_session()
    checked = 0
    for rule in rules():
        for service, operation, parameter in MISSING_PARAMETER.findall(rule.source):
            shape = session.get_service_model(service).operation_model(operation).input_shape
            assert parameter not in shape.members, rule
            checked += 1
    assert checked > 20


def test_without_a_row_the_documentation_of_the_sdk_decides():
    token, name = "aws:fsx/lustreFileSystem:LustreFileSystem", "fileSystemTypeVersion"
    assert not any(rule.type == token for rule in rules())
    assert replaces(token, name)
    assert not replaces(token, "storageCapacity")
