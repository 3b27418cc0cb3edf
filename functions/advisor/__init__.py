"""Cost recommendations for Kubernetes clusters and an AWS account, reported every Monday."""
