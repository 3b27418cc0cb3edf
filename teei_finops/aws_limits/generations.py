"""Instance families of previous generations, and a current family that does the same."""

# The families of previous generations of EC2, ElastiCache and Redshift:
# https://aws.amazon.com/ec2/previous-generation/,
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html and
# https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-clusters.html, 2026-11.
# EC2 still lists t2 as current, but each of its sizes costs more than the same one of t3 and t3a.
PREVIOUS_FAMILIES = (
    "a1", "c1", "c3", "c4", "cc2", "cr1", "d2", "dc1", "dc2", "ds2", "g2", "g3", "g3s", "hs1", "i2", "m1",
    "m2", "m3", "m4", "p2", "r3", "r4", "t1", "t2",
)  # fmt: skip
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Types.html, 2026-11.
PREVIOUS_DATABASE_FAMILIES = ("t1", "t2", "m1", "m2", "m3", "m4", "cr1", "r3", "r4")

# A current family with the same sizes and the same processor architecture, so that the image still starts.
CURRENT_FAMILY = {
    "t2": "t3a",
    "m3": "m6a",
    "m4": "m6a",
    "c3": "c6a",
    "c4": "c6a",
    "r3": "r6a",
    "r4": "r6a",
    "i2": "i4i",
}
# The same of OpenSearch Service, which has neither t4g nor m7a:
# https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-instance-types.html, 2026-11.
CURRENT_SEARCH_FAMILY = {"t2": "t3", "m3": "m6g", "m4": "m6g", "c4": "c6g", "r3": "r6g", "r4": "r6g"}
# The same of RDS, where the architecture makes no difference to the client.
CURRENT_DATABASE_FAMILY = {"t2": "t4g", "m3": "m7g", "m4": "m7g", "r3": "r7g", "r4": "r7g"}
