from teei_finops.costing.prices.storage_classes import storage_classes


def test_each_storage_class_has_the_minimum_of_the_s3_user_guide():
    assert {name: storage_class.min_days for name, storage_class in storage_classes().items()} == {
        "STANDARD": 0,
        "INTELLIGENT_TIERING": 0,
        "STANDARD_IA": 30,
        "ONEZONE_IA": 30,
        "GLACIER_IR": 90,
        "GLACIER": 90,
        "DEEP_ARCHIVE": 180,
    }
    assert storage_classes()["STANDARD_IA"].min_billable_kb == 128
    assert storage_classes()["GLACIER"].overhead_kb_at_class_rate == 32
