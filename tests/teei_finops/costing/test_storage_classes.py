from components.settings.data import MINIMUM_DAYS
from policies.rules import lifecycle_configuration
from teei_finops.costing.prices.storage_classes import minimum_storage_days, storage_classes


def test_each_storage_class_has_the_minimum_of_the_s3_user_guide():
    assert minimum_storage_days() == {
        "STANDARD_IA": 30,
        "ONEZONE_IA": 30,
        "GLACIER_IR": 90,
        "GLACIER": 90,
        "DEEP_ARCHIVE": 180,
    }
    assert storage_classes()["STANDARD_IA"].min_billable_kb == 128
    assert storage_classes()["GLACIER"].overhead_kb_at_class_rate == 32


def test_settings_and_policies_have_the_same_minimum_storage_days():
    assert minimum_storage_days() == MINIMUM_DAYS
    assert minimum_storage_days() == lifecycle_configuration.MINIMUM_DAYS
