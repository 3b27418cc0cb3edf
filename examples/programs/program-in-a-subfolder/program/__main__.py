"""The program is in a folder of the project, imports from it, and reads a file beside Pulumi.yaml."""

from pathlib import Path

import pulumi
from network import names

for name in (Path(pulumi.get_root_directory()) / "queues.txt").read_text().split():
    names.queue(name)
