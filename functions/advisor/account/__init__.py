"""Rules on the resources of an AWS account."""
