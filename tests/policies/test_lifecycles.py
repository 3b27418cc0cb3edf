import pytest

from tests.policies.analyzer import UNKNOWN, Made, Pack, changed
from tests.policies.good import around, aws, lifecycle, versioning

MIN, ORDER, EXPIRY = (
    "lifecycle-keeps-minimum-days",
    "lifecycle-moves-to-colder-classes",
    "lifecycle-expires-after-transitions",
)


def rules(*each, kind="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"):
    made = [{"id": f"r{index}", "status": "Enabled", **rule} for index, rule in enumerate(each)]
    return Made(kind, "rules", {"bucket": "b", "rules": made})


def found(made):
    return [report.policy for report in Pack().analyze(made)]


def moves(*steps, expire=None, **more):
    days = {"transitions": [{"days": day, "storageClass": name} for day, name in steps]}
    return {**days, **({"expiration": {"days": expire}} if expire else {}), **more}


@pytest.mark.parametrize(
    ("rule", "policies"),
    [
        (moves((30, "STANDARD_IA"), expire=60), []),
        (moves((30, "STANDARD_IA"), expire=59), [MIN]),
        (moves((30, "STANDARD_IA"), expire=31), [MIN]),
        (moves((30, "ONEZONE_IA"), expire=60), []),
        (moves((29, "ONEZONE_IA"), expire=60), [MIN]),
        (moves((0, "GLACIER_IR"), expire=90), []),
        (moves((0, "GLACIER_IR"), expire=89), [MIN]),
        (moves((0, "GLACIER"), expire=90), []),
        (moves((0, "GLACIER"), expire=89), [MIN]),
        (moves((0, "DEEP_ARCHIVE"), expire=180), []),
        (moves((0, "DEEP_ARCHIVE"), expire=179), [MIN]),
        (moves((0, "INTELLIGENT_TIERING"), expire=1), []),
        (moves((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE"), expire=330), []),
        (moves((30, "STANDARD_IA"), (59, "GLACIER"), (149, "DEEP_ARCHIVE"), expire=329), [MIN]),
        (moves((30, "STANDARD_IA"), (59, "GLACIER"), (148, "DEEP_ARCHIVE"), expire=327), [MIN] * 3),
        (moves((60, "GLACIER"), (30, "STANDARD_IA")), []),
        (moves((30, "GLACIER"), (60, "STANDARD_IA")), [ORDER]),
        (moves((30, "GLACIER"), (150, "GLACIER")), [ORDER]),
        (moves((30, "GLACIER"), (60, "GLACIER")), [ORDER]),
        (moves((30, "NEW"), (30, "NEWER")), [ORDER]),
        (moves((30, "STANDARD_IA"), (30, "GLACIER")), [ORDER]),
        (moves((30, "ONEZONE_IA"), (60, "INTELLIGENT_TIERING")), [ORDER]),
        (moves((30, "SOMETHING_NEW"), (60, "GLACIER")), []),
        (moves((30, "GLACIER"), (60, "SOMETHING_NEW")), [MIN]),
        (moves((30, "STANDARD_IA"), expire=30), [EXPIRY]),
        (moves((30, "STANDARD_IA"), expire=7), [EXPIRY]),
        (moves((30, "STANDARD_IA"), (60, "GLACIER"), expire=30), [EXPIRY] * 2),
        (moves((10, "STANDARD_IA"), expire=40), [MIN]),
        ({"status": "Disabled", **moves((1, "STANDARD_IA"), expire=1)}, []),
        ({"filter": {"prefix": "a/"}, **moves((1, "STANDARD_IA"), expire=40)}, [MIN]),
    ],
    ids=str,
)
def test_days_of_one_rule(rule, policies):
    assert sorted(found(rules(rule))) == sorted(policies)


def test_rules_for_the_whole_bucket_count_together():
    assert found(rules(moves((30, "GLACIER_IR")), {"expiration": {"days": 100}})) == [MIN]
    assert found(rules(moves((30, "GLACIER_IR")), {"expiration": {"days": 30}})) == [EXPIRY]
    assert (
        found(rules(moves((30, "GLACIER_IR")), {"expiration": {"days": 120}}, {"expiration": {"days": 400}}))
        == []
    )
    assert found(rules(moves((60, "GLACIER")), moves((90, "STANDARD_IA")))) == [ORDER]


def test_a_rule_for_a_part_of_the_bucket_counts_alone():
    part = {"filter": {"prefix": "tmp/"}, "expiration": {"days": 7}}
    assert found(rules(moves((30, "GLACIER_IR"), expire=730), part)) == []


def test_a_rule_that_does_not_count_or_is_open_does_not_hide_the_next_one():
    wrong = moves((1, "STANDARD_IA"))
    assert found(rules({"status": "Disabled"}, wrong)) == [MIN]
    reports = Pack().analyze(rules({"status": UNKNOWN}, wrong))
    assert [report.level for report in reports if report.policy == MIN] == ["mandatory", "advisory"]


def test_the_order_in_which_a_rule_lists_its_transitions_does_not_matter():
    part = {"filter": {"prefix": "a/"}, **moves((60, "GLACIER"), (30, "STANDARD_IA"), expire=150)}
    assert found(rules(part)) == []


def test_old_versions_and_objects_have_their_own_days():
    versions = {
        "noncurrentVersionTransitions": [{"noncurrentDays": 30, "storageClass": "STANDARD_IA"}],
        "noncurrentVersionExpiration": {"noncurrentDays": 60},
    }
    assert found(rules({**moves((100, "GLACIER"), expire=400), **versions})) == []
    versions["noncurrentVersionTransitions"].append({"noncurrentDays": 45, "storageClass": "GLACIER"})
    assert sorted(found(rules(versions))) == [MIN, MIN]


def test_dates_are_compared_with_dates_and_not_with_an_objects_age():
    def dated(move, end):
        return rules(
            {"transitions": [{"date": move, "storageClass": "GLACIER"}], "expiration": {"date": end}}
        )

    assert found(dated("2027-01-01", "2027-04-01")) == []
    assert found(dated("2027-01-01", "2027-03-31")) == [MIN]
    late = dated("2027-01-01T00:00:00Z", "2027-01-01")
    assert found(late) == [EXPIRY]
    assert "value: GLACIER on 2027-01-01, expiry on 2027-01-01" in Pack().analyze(late)[0].message
    mixed = rules(
        {"transitions": [{"date": "2027-01-01", "storageClass": "STANDARD_IA"}], "expiration": {"days": 5}}
    )
    assert found(mixed) == []


def test_a_date_that_cannot_be_read_is_told():
    made = rules({"transitions": [{"date": "soon", "storageClass": "GLACIER"}]})
    reports = Pack().analyze(made)
    assert {report.level for report in reports} == {"advisory"}
    assert "rules[0].transitions[0].date is 'soon', not a date" in reports[0].message


def test_a_report_names_the_rule_and_shows_the_whole_schedule():
    (report,) = Pack().analyze(rules(moves((30, "STANDARD_IA"), (60, "GLACIER"), expire=100)))
    assert "rules: rule r0: objects GLACIER on day 60 lasts 40 days and is billed for 90" in report.message
    assert "value: STANDARD_IA on day 30, GLACIER on day 60, expiry on day 100" in report.message
    assert "fix: let what follows wait for 90 days" in report.message


def test_a_rule_without_an_id_is_named_by_its_place():
    made = rules(moves((1, "STANDARD_IA")))
    del made.props["rules"][0]["id"]
    assert "rules: rule rules[0]: " in Pack().analyze(made)[0].message


@pytest.mark.parametrize("kind", ["", "V2"])
def test_old_and_new_resources_of_a_lifecycle_are_read(kind):
    name = f"BucketLifecycleConfiguration{kind}"
    token = f"aws:s3/bucketLifecycleConfiguration{kind}:{name}"
    assert found(rules(moves((1, "STANDARD_IA")), kind=token)) == [MIN]


def test_the_old_bucket_resource_has_its_blocks_in_lists():
    rule = {
        "enabled": True,
        "expirations": [{"days": 30}],
        "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
        "noncurrentVersionExpirations": [{"days": 5}],
        "abortIncompleteMultipartUploadDays": 3,
    }
    made = aws("aws:s3/bucketV2:BucketV2", "old", lifecycleRules=[rule], versionings=[{"enabled": True}])
    assert [report.policy for report in Pack().judge(made)] == [EXPIRY]
    del rule["noncurrentVersionExpirations"]
    rule["expirations"] = [{"days": 60}]
    made = aws("aws:s3/bucketV2:BucketV2", "old", lifecycleRules=[rule], versionings=[{"enabled": True}])
    assert [report.policy for report in Pack().judge(made)] == ["bucket-expires-old-versions"]


def bucket_stack():
    """A bucket in preview: the configuration points at an id that is unknown, through a dependency."""
    bucket = aws("aws:s3/bucket:Bucket", "new")
    bucket.outputs = {
        "tags": bucket.props["tags"],
        "id": UNKNOWN,
        "bucket": UNKNOWN,
        "lifecycleRules": UNKNOWN,
    }
    configuration = changed(lifecycle(), "bucket", UNKNOWN)
    configuration.depends = {"bucket": [bucket.urn]}
    return bucket, configuration


def test_a_configuration_belongs_to_the_bucket_that_its_unknown_id_comes_from():
    bucket, configuration = bucket_stack()
    assert Pack().judge(bucket, configuration) == []
    another = aws("aws:s3/bucket:Bucket", "another")
    another.outputs = {"id": UNKNOWN, "lifecycleRules": UNKNOWN}
    found = Pack().judge(bucket, configuration, another)
    assert [(report.policy, report.level, report.urn) for report in found] == [
        ("bucket-has-a-lifecycle", "mandatory", another.urn)
    ]


def test_after_a_deploy_a_configuration_belongs_to_the_bucket_whose_name_or_id_it_has():
    for key in ("id", "bucket"):
        bucket, configuration = bucket_stack()
        bucket.outputs = {key: "teei-exports"}
        configuration = changed(configuration, "bucket", "teei-exports")
        configuration.depends = {}
        assert Pack().judge(bucket, configuration) == []


def test_a_configuration_of_which_nothing_is_known_leaves_every_bucket_without_a_lifecycle_open():
    bucket, configuration = bucket_stack()
    configuration.depends = {}
    found = Pack().judge(bucket, configuration)
    assert {(report.policy, report.level) for report in found} == {("bucket-has-a-lifecycle", "advisory")}


def test_a_bucket_with_an_unknown_name_may_be_the_one_a_configuration_names():
    bucket, configuration = bucket_stack()
    configuration = changed(configuration, "bucket", "teei-exports")
    configuration.depends = {}
    assert {report.level for report in Pack().judge(bucket, configuration)} == {"advisory"}


def test_rules_that_only_the_provider_shows_do_not_count_for_a_bucket_that_declares_none():
    bucket, _ = bucket_stack()
    shown = {"id": "new", "lifecycleRules": [{"enabled": True, "expiration": {"days": 3}}]}
    bucket.outputs = {**bucket.props, **shown}
    assert [report.policy for report in Pack().judge(bucket)] == ["bucket-has-a-lifecycle"]
    asked_alone = Pack().analyze_stack(bucket)
    assert [report.policy for report in asked_alone] == ["bucket-aborts-incomplete-uploads"]


@pytest.mark.parametrize(("status", "wrong"), [("Enabled", True), ("Suspended", False), ("Disabled", False)])
def test_only_a_versioned_bucket_must_expire_old_versions(status, wrong):
    resources = around("bucket")
    resources["versioning"] = changed(versioning(), "versioningConfiguration.status", status)
    for path in ("noncurrentVersionTransitions", "noncurrentVersionExpiration"):
        resources["lifecycle"] = changed(resources["lifecycle"], f"rules.0.{path}")
    policies = [report.policy for report in Pack().judge(*resources.values())]
    assert policies == (["bucket-expires-old-versions"] if wrong else [])


def test_unknown_versioning_is_open_only_for_a_bucket_that_does_not_expire_versions():
    for path in ("versioningConfiguration.status", "bucket"):
        resources = around("bucket")
        resources["versioning"] = changed(versioning(), path, UNKNOWN)
        assert Pack().judge(*resources.values()) == []
        resources["lifecycle"] = changed(lifecycle(), "rules.0.noncurrentVersionExpiration")
        found = Pack().judge(*resources.values())
        assert [(report.policy, report.level) for report in found] == [
            ("bucket-expires-old-versions", "advisory")
        ]


def test_all_buckets_can_be_asked_to_expire_old_versions():
    resources = around("bucket")
    del resources["versioning"]
    resources["lifecycle"] = changed(lifecycle(), "rules.0.noncurrentVersionExpiration")
    assert Pack().judge(*resources.values()) == []
    pack = Pack().configure(bucket_expires_old_versions={"buckets": "all"})
    assert [report.policy for report in pack.judge(*resources.values())] == ["bucket-expires-old-versions"]
    pack = Pack().configure(bucket_has_a_lifecycle={"buckets": "versioned"})
    assert pack.judge(aws("aws:s3/bucket:Bucket", "bare")) == []


def test_an_upload_abort_for_a_prefix_does_not_count():
    aborts = {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
    made = changed(lifecycle(), "rules.0.abortIncompleteMultipartUpload")
    made.props["rules"].append({"id": "p", "status": "Enabled", "filter": {"prefix": "a/"}, **aborts})
    resources = {**around("bucket"), "lifecycle": made}
    policies = [report.policy for report in Pack().judge(*resources.values())]
    assert policies == ["bucket-aborts-incomplete-uploads"]
    made.props["rules"][1]["filter"] = {"prefix": ""}
    assert Pack().judge(*resources.values()) == []


def test_a_filter_that_is_known_to_limit_counts_although_another_part_is_unknown():
    made = changed(lifecycle(), "rules.0.filter", {"prefix": "a/", "objectSizeGreaterThan": UNKNOWN})
    policies = [
        (report.policy, report.level)
        for report in Pack().judge(*{**around("bucket"), "lifecycle": made}.values())
    ]
    assert policies == [("bucket-has-a-lifecycle", "mandatory")]
