"""Names of instance types and classes: the next smaller size, the current generation."""

# From small to large; each has half the memory of the next, and from large on half its vCPUs:
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html and
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html, 2026-11
SIZES = (
    "nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge",
    "32xlarge",
)  # fmt: skip
_BETWEEN = {"12xlarge": "8xlarge", "24xlarge": "12xlarge", "48xlarge": "24xlarge"}


def smaller(name: str) -> str:
    """The next smaller size of `m7g.large`, `db.r6g.2xlarge` or `cache.t4g.small`, which a family may lack.

    It has at least half the vCPUs and memory. Empty if none is known.
    """
    family, _, size = name.rpartition(".")
    if size in _BETWEEN:
        return f"{family}.{_BETWEEN[size]}"
    position = SIZES.index(size) if size in SIZES else 0
    return f"{family}.{SIZES[position - 1]}" if position else ""


def family(name: str) -> str:
    """`m4` of `m4.large` and of `db.m4.large`."""
    return name.split(".")[-2] if "." in name else name


def in_family(name: str, other: str) -> str:
    """The same size of another family."""
    *prefix, _, size = name.split(".")
    return ".".join((*prefix, other, size))
