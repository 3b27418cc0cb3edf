"""Storage retention of one stack: what a deployment would change, the deployment, and whether it is in force.

`scripts/infra/storage-retention.sh` runs it. What is declared comes from the settings of the stack.
docs/storage-retention.md lists what is verified.
"""
