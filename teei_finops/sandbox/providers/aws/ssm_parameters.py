"""The values of SSM parameters: those that AWS publishes under `/aws/service/` have a known form.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html (2026-11)
"""

import hashlib
import json


def parameter_value(name: str, region: str) -> str:
    """The value of a parameter: an image id, a JSON text or a text that contains the name."""
    image_id = f"ami-{hashlib.sha256(f'{name}|{region}'.encode()).hexdigest()[:17]}"
    parts = name.strip("/").split("/")
    if parts[:2] != ["aws", "service"]:
        return f"sandbox/{name.lstrip('/')}"
    if parts[2:3] == ["global-infrastructure"]:
        return _infrastructure_value(parts)
    if parts[-1] == "recommended":
        return json.dumps(
            {
                "schema_version": "1",
                "image_id": image_id,
                "image_name": parts[-2],
                "image_version": "1.0.0",
                "os": "Amazon Linux",
                "ecs_runtime_version": "Docker version 25.0.0",
                "ecs_agent_version": "1.0.0",
            }
        )
    if parts[-1] in ("image_version", "release_version", "image_name", "ecs_agent_version"):
        return "1.0.0" if parts[-1] != "image_name" else parts[-2]
    return image_id


def _infrastructure_value(parts: list[str]) -> str:
    known = {
        "longName": "Sandbox region",
        "partition": "aws",
        "domain": "amazonaws.com",
        "geolocationCountry": "US",
    }
    return known.get(parts[-1], parts[-1])
