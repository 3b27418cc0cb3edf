"""Limits of AWS that settings, policies and the sandbox share."""

# Days that a log group may keep its events: CloudWatch Logs API, PutRetentionPolicy, 2026-11.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
# Days that S3 bills at least for an object in each storage class, from warm to cold, 2026-11.
# https://aws.amazon.com/s3/storage-classes/
S3_MINIMUM_DAYS = {
    "STANDARD_IA": 30,
    "ONEZONE_IA": 30,
    "GLACIER_IR": 90,
    "GLACIER": 90,
    "DEEP_ARCHIVE": 180,
}
# The age that an object must have before S3 moves it to one of these classes, in days, 2026-11.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
S3_FIRST_TRANSITION_DAY = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
