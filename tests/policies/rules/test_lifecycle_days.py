import pytest

from tests.policies.compliant_aws import aws_resource, lifecycle, versioning
from tests.policies.compliant_stack import related_resources
from tests.policies.pack_client import UNKNOWN, FakeResource, Pack, with_property

MINIMUM = "lifecycle-keeps-minimum-days"
ORDER = "lifecycle-moves-to-colder-classes"
EXPIRATION = "lifecycle-expires-after-transitions"


def lifecycle_rules(*rules, kind="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"):
    blocks = [{"id": f"r{index}", "status": "Enabled", **rule} for index, rule in enumerate(rules)]
    return FakeResource(kind, "rules", {"bucket": "b", "rules": blocks})


def reported(resource):
    return [diagnostic.policy for diagnostic in Pack().analyze(resource)]


def transitions(*steps, expire=None, **more):
    days = {"transitions": [{"days": day, "storageClass": name} for day, name in steps]}
    return {**days, **({"expiration": {"days": expire}} if expire else {}), **more}


@pytest.mark.parametrize(
    ("rule", "policies"),
    [
        (transitions((30, "STANDARD_IA"), expire=60), []),
        (transitions((30, "STANDARD_IA"), expire=59), [MINIMUM]),
        (transitions((30, "STANDARD_IA"), expire=31), [MINIMUM]),
        (transitions((30, "ONEZONE_IA"), expire=60), []),
        (transitions((29, "ONEZONE_IA"), expire=60), [MINIMUM]),
        (transitions((0, "GLACIER_IR"), expire=90), []),
        (transitions((0, "GLACIER_IR"), expire=89), [MINIMUM]),
        (transitions((0, "GLACIER"), expire=90), []),
        (transitions((0, "GLACIER"), expire=89), [MINIMUM]),
        (transitions((0, "DEEP_ARCHIVE"), expire=180), []),
        (transitions((0, "DEEP_ARCHIVE"), expire=179), [MINIMUM]),
        (transitions((0, "INTELLIGENT_TIERING"), expire=1), []),
        (transitions((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE"), expire=330), []),
        (transitions((30, "STANDARD_IA"), (59, "GLACIER"), (149, "DEEP_ARCHIVE"), expire=329), [MINIMUM]),
        (transitions((30, "STANDARD_IA"), (59, "GLACIER"), (148, "DEEP_ARCHIVE"), expire=327), [MINIMUM] * 3),
        (transitions((60, "GLACIER"), (30, "STANDARD_IA")), []),
        (transitions((30, "GLACIER"), (60, "STANDARD_IA")), [ORDER]),
        (transitions((30, "GLACIER"), (150, "GLACIER")), [ORDER]),
        (transitions((30, "GLACIER"), (60, "GLACIER")), [ORDER]),
        (transitions((30, "NEW"), (30, "NEWER")), [ORDER]),
        (transitions((30, "STANDARD_IA"), (30, "GLACIER")), [ORDER]),
        (transitions((30, "ONEZONE_IA"), (60, "INTELLIGENT_TIERING")), [ORDER]),
        (transitions((30, "SOMETHING_NEW"), (60, "GLACIER")), []),
        (transitions((30, "GLACIER"), (60, "SOMETHING_NEW")), [MINIMUM]),
        (transitions((30, "STANDARD_IA"), expire=30), [EXPIRATION]),
        (transitions((30, "STANDARD_IA"), expire=7), [EXPIRATION]),
        (transitions((30, "STANDARD_IA"), (60, "GLACIER"), expire=30), [EXPIRATION] * 2),
        (transitions((10, "STANDARD_IA"), expire=40), [MINIMUM]),
        ({"status": "Disabled", **transitions((1, "STANDARD_IA"), expire=1)}, []),
        ({"filter": {"prefix": "a/"}, **transitions((1, "STANDARD_IA"), expire=40)}, [MINIMUM]),
    ],
    ids=str,
)
def test_the_days_of_a_single_rule(rule, policies):
    assert sorted(reported(lifecycle_rules(rule))) == sorted(policies)


def test_rules_for_the_whole_bucket_are_checked_together():
    assert reported(lifecycle_rules(transitions((30, "GLACIER_IR")), {"expiration": {"days": 100}})) == [
        MINIMUM
    ]
    assert reported(lifecycle_rules(transitions((30, "GLACIER_IR")), {"expiration": {"days": 30}})) == [
        EXPIRATION
    ]
    assert (
        reported(
            lifecycle_rules(
                transitions((30, "GLACIER_IR")), {"expiration": {"days": 120}}, {"expiration": {"days": 400}}
            )
        )
        == []
    )
    assert reported(lifecycle_rules(transitions((60, "GLACIER")), transitions((90, "STANDARD_IA")))) == [
        ORDER
    ]


def test_a_rule_for_a_part_of_the_bucket_is_checked_alone():
    part = {"filter": {"prefix": "tmp/"}, "expiration": {"days": 7}}
    assert reported(lifecycle_rules(transitions((30, "GLACIER_IR"), expire=730), part)) == []


def test_a_disabled_or_undetermined_rule_does_not_hide_the_next_one():
    wrong = transitions((1, "STANDARD_IA"))
    assert reported(lifecycle_rules({"status": "Disabled"}, wrong)) == [MINIMUM]
    diagnostics = Pack().analyze(lifecycle_rules({"status": UNKNOWN}, wrong))
    assert [diagnostic.level for diagnostic in diagnostics if diagnostic.policy == MINIMUM] == [
        "mandatory",
        "advisory",
    ]


def test_the_order_in_which_a_rule_lists_its_transitions_does_not_matter():
    part = {"filter": {"prefix": "a/"}, **transitions((60, "GLACIER"), (30, "STANDARD_IA"), expire=150)}
    assert reported(lifecycle_rules(part)) == []


def test_noncurrent_versions_and_objects_have_separate_days():
    versions = {
        "noncurrentVersionTransitions": [{"noncurrentDays": 30, "storageClass": "STANDARD_IA"}],
        "noncurrentVersionExpiration": {"noncurrentDays": 60},
    }
    assert reported(lifecycle_rules({**transitions((100, "GLACIER"), expire=400), **versions})) == []
    versions["noncurrentVersionTransitions"].append({"noncurrentDays": 45, "storageClass": "GLACIER"})
    assert sorted(reported(lifecycle_rules(versions))) == [MINIMUM, MINIMUM]


def test_dates_are_compared_with_dates_and_not_with_ages():
    def dated(move, end):
        return lifecycle_rules(
            {"transitions": [{"date": move, "storageClass": "GLACIER"}], "expiration": {"date": end}}
        )

    assert reported(dated("2027-01-01", "2027-04-01")) == []
    assert reported(dated("2027-01-01", "2027-03-31")) == [MINIMUM]
    late = dated("2027-01-01T00:00:00Z", "2027-01-01")
    assert reported(late) == [EXPIRATION]
    assert "value: GLACIER on 2027-01-01, expiration on 2027-01-01" in Pack().analyze(late)[0].message
    mixed = lifecycle_rules(
        {"transitions": [{"date": "2027-01-01", "storageClass": "STANDARD_IA"}], "expiration": {"days": 5}}
    )
    assert reported(mixed) == []


def test_an_invalid_date_is_undetermined():
    resource = lifecycle_rules({"transitions": [{"date": "soon", "storageClass": "GLACIER"}]})
    diagnostics = Pack().analyze(resource)
    assert {diagnostic.level for diagnostic in diagnostics} == {"advisory"}
    assert "rules[0].transitions[0].date is 'soon', not a date" in diagnostics[0].message


def test_the_message_names_the_rule_and_shows_the_whole_schedule():
    (diagnostic,) = Pack().analyze(
        lifecycle_rules(transitions((30, "STANDARD_IA"), (60, "GLACIER"), expire=100))
    )
    assert diagnostic.message.split("\n")[1:] == [
        "rules: rules[0]: rule r0: "
        "objects transition to GLACIER on day 60, stay 40 days and are billed for 90",
        "  value: STANDARD_IA on day 30, GLACIER on day 60, expiration on day 100",
        "  fix: let the next transition or the expiration follow after at least 90 days",
    ]


def test_a_rule_without_an_id_is_named_by_its_path():
    resource = lifecycle_rules(transitions((1, "STANDARD_IA")))
    del resource.inputs["rules"][0]["id"]
    assert "rules: rules[0]: rule rules[0]: " in Pack().analyze(resource)[0].message


@pytest.mark.parametrize("kind", ["", "V2"])
def test_both_resource_types_of_a_lifecycle_configuration_are_checked(kind):
    name = f"BucketLifecycleConfiguration{kind}"
    token = f"aws:s3/bucketLifecycleConfiguration{kind}:{name}"
    assert reported(lifecycle_rules(transitions((1, "STANDARD_IA")), kind=token)) == [MINIMUM]


def test_the_blocks_of_the_older_bucket_resource_are_lists():
    rule = {
        "enabled": True,
        "expirations": [{"days": 30}],
        "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
        "noncurrentVersionExpirations": [{"days": 5}],
        "abortIncompleteMultipartUploadDays": 3,
    }
    resource = aws_resource(
        "aws:s3/bucketV2:BucketV2", "old", lifecycleRules=[rule], versionings=[{"enabled": True}]
    )
    assert [diagnostic.policy for diagnostic in Pack().evaluate(resource)] == [EXPIRATION]
    del rule["noncurrentVersionExpirations"]
    rule["expirations"] = [{"days": 60}]
    resource = aws_resource(
        "aws:s3/bucketV2:BucketV2", "old", lifecycleRules=[rule], versionings=[{"enabled": True}]
    )
    assert [diagnostic.policy for diagnostic in Pack().evaluate(resource)] == ["bucket-expires-old-versions"]


def bucket_stack():
    """A bucket in preview: the configuration points at an id that is unknown, through a dependency."""
    bucket = aws_resource("aws:s3/bucket:Bucket", "new")
    bucket.outputs = {
        "tags": bucket.inputs["tags"],
        "id": UNKNOWN,
        "bucket": UNKNOWN,
        "lifecycleRules": UNKNOWN,
    }
    configuration = with_property(lifecycle(), "bucket", UNKNOWN)
    configuration.dependencies = {"bucket": [bucket.urn]}
    return bucket, configuration


def test_a_configuration_belongs_to_the_bucket_that_its_unknown_id_comes_from():
    bucket, configuration = bucket_stack()
    assert Pack().evaluate(bucket, configuration) == []
    another = aws_resource("aws:s3/bucket:Bucket", "another")
    another.outputs = {"id": UNKNOWN, "lifecycleRules": UNKNOWN}
    diagnostics = Pack().evaluate(bucket, configuration, another)
    assert [(diagnostic.policy, diagnostic.level, diagnostic.urn) for diagnostic in diagnostics] == [
        ("bucket-has-a-lifecycle", "mandatory", another.urn)
    ]


def test_after_a_deploy_a_configuration_belongs_to_the_bucket_whose_name_or_id_it_has():
    for key in ("id", "bucket"):
        bucket, configuration = bucket_stack()
        bucket.outputs = {key: "teei-exports"}
        configuration = with_property(configuration, "bucket", "teei-exports")
        configuration.dependencies = {}
        assert Pack().evaluate(bucket, configuration) == []


def test_a_configuration_for_an_unknown_bucket_leaves_every_bucket_undetermined():
    bucket, configuration = bucket_stack()
    configuration.dependencies = {}
    diagnostics = Pack().evaluate(bucket, configuration)
    assert {(diagnostic.policy, diagnostic.level) for diagnostic in diagnostics} == {
        ("bucket-has-a-lifecycle", "advisory")
    }


def test_a_bucket_with_an_unknown_name_is_undetermined_beside_a_configuration_for_a_name():
    bucket, configuration = bucket_stack()
    configuration = with_property(configuration, "bucket", "teei-exports")
    configuration.dependencies = {}
    assert {diagnostic.level for diagnostic in Pack().evaluate(bucket, configuration)} == {"advisory"}


def test_rules_that_only_the_outputs_have_do_not_count():
    bucket, _ = bucket_stack()
    shown = {"id": "new", "lifecycleRules": [{"enabled": True, "expiration": {"days": 3}}]}
    bucket.outputs = {**bucket.inputs, **shown}
    assert [diagnostic.policy for diagnostic in Pack().evaluate(bucket)] == ["bucket-has-a-lifecycle"]
    asked_alone = Pack().analyze_stack(bucket)
    assert [diagnostic.policy for diagnostic in asked_alone] == ["bucket-aborts-incomplete-uploads"]


@pytest.mark.parametrize(("status", "wrong"), [("Enabled", True), ("Suspended", False), ("Disabled", False)])
def test_only_a_versioned_bucket_must_expire_old_versions(status, wrong):
    resources = related_resources("bucket")
    resources["versioning"] = with_property(versioning(), "versioningConfiguration.status", status)
    for path in ("noncurrentVersionTransitions", "noncurrentVersionExpiration"):
        resources["lifecycle"] = with_property(resources["lifecycle"], f"rules.0.{path}")
    policies = [diagnostic.policy for diagnostic in Pack().evaluate(*resources.values())]
    assert policies == (["bucket-expires-old-versions"] if wrong else [])


def test_unknown_versioning_matters_only_for_a_bucket_that_keeps_old_versions():
    for path in ("versioningConfiguration.status", "bucket"):
        resources = related_resources("bucket")
        resources["versioning"] = with_property(versioning(), path, UNKNOWN)
        assert Pack().evaluate(*resources.values()) == []
        resources["lifecycle"] = with_property(lifecycle(), "rules.0.noncurrentVersionExpiration")
        diagnostics = Pack().evaluate(*resources.values())
        assert [(diagnostic.policy, diagnostic.level) for diagnostic in diagnostics] == [
            ("bucket-expires-old-versions", "advisory")
        ]


def test_the_option_buckets_selects_all_or_versioned_ones():
    resources = related_resources("bucket")
    del resources["versioning"]
    resources["lifecycle"] = with_property(lifecycle(), "rules.0.noncurrentVersionExpiration")
    assert Pack().evaluate(*resources.values()) == []
    pack = Pack().configure(bucket_expires_old_versions={"buckets": "all"})
    assert [diagnostic.policy for diagnostic in pack.evaluate(*resources.values())] == [
        "bucket-expires-old-versions"
    ]
    pack = Pack().configure(bucket_has_a_lifecycle={"buckets": "versioned"})
    assert pack.evaluate(aws_resource("aws:s3/bucket:Bucket", "bare")) == []


def test_an_upload_abort_for_a_prefix_does_not_count():
    aborts = {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
    resource = with_property(lifecycle(), "rules.0.abortIncompleteMultipartUpload")
    resource.inputs["rules"].append({"id": "p", "status": "Enabled", "filter": {"prefix": "a/"}, **aborts})
    resources = {**related_resources("bucket"), "lifecycle": resource}
    policies = [diagnostic.policy for diagnostic in Pack().evaluate(*resources.values())]
    assert policies == ["bucket-aborts-incomplete-uploads"]
    resource.inputs["rules"][1]["filter"] = {"prefix": ""}
    assert Pack().evaluate(*resources.values()) == []


def test_a_filter_with_a_known_limit_counts_although_another_limit_is_unknown():
    aborts_none = with_property(lifecycle(), "rules.0.abortIncompleteMultipartUpload")
    resource = with_property(
        aborts_none, "rules.0.filter", {"prefix": "a/", "objectSizeGreaterThan": UNKNOWN}
    )
    policies = [
        (diagnostic.policy, diagnostic.level)
        for diagnostic in Pack().evaluate(*{**related_resources("bucket"), "lifecycle": resource}.values())
    ]
    assert policies == [("bucket-has-a-lifecycle", "mandatory")]
