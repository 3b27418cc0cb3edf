"""Rules on the workloads of a cluster, from Prometheus alone."""
