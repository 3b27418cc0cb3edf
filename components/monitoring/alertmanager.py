"""monitoring/alertmanager.yaml with the settings of a stack, and the same as an AlertmanagerConfig.

The file is a configuration that Alertmanager reads as it is, with the addresses of the guide; the settings
replace the addresses, the mail server and the files of the secrets.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from components.settings import monitoring as settings_monitoring

Data = dict[str, Any]
SECRETS = "/etc/alertmanager/secrets"  # where the operator mounts a Secret, in a folder of its name
# Every alert of monitoring/rules has it; the root route of the file matches all alerts.
CATEGORY = "category = finops"
_MATCHER = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*(.+)")
_ROUTE = {
    "receiver", "group_by", "group_wait", "group_interval", "repeat_interval", "matchers", "continue",
    "active_time_intervals", "mute_time_intervals", "routes",
}  # fmt: skip


class ConversionError(Exception):
    """The configuration has something that the conversion does not know; the text is one line."""

    user_error = True


def configured(document: Data, settings: settings_monitoring.Monitoring) -> Data:
    """The configuration of the file for a stack."""
    defaults, addresses = settings_monitoring.Receivers(), settings.receivers
    replaced = {getattr(defaults, role): getattr(addresses, role) for role in type(addresses).model_fields}
    pattern = re.compile("|".join(map(re.escape, replaced)))
    config = _mapped(document, lambda text: pattern.sub(lambda match: replaced[match[0]], text))
    config["global"] = {
        "smtp_smarthost": settings.smtp.smarthost,
        "smtp_from": settings.smtp.sender,
        "smtp_auth_username": settings.smtp.sender,
        "smtp_auth_password_file": secret_file(settings.smtp.password),
    }
    for receiver in config["receivers"]:
        for pagerduty in receiver.get("pagerduty_configs", ()):
            pagerduty["routing_key_file"] = secret_file(settings.pagerduty_routing_key)
    return config


def secret_file(key: settings_monitoring.SecretKey) -> str:
    """The file of a key of a Secret that is mounted into Alertmanager."""
    return f"{SECRETS}/{key.secret}/{key.key}"


def custom_resource_spec(config: Data) -> Data:
    """The spec of an AlertmanagerConfig (monitoring.coreos.com/v1alpha1) for a configured file.

    Secrets become references to the Secrets that the files are mounted from, and the mail server is repeated
    in each receiver, because an AlertmanagerConfig has no global section. Its root route gets the alerts of
    the whole cluster, so that it takes only those of our category. Raises ConversionError.
    """
    _check_keys(
        "the configuration", config, {"global", "route", "inhibit_rules", "receivers", "time_intervals"}
    )
    route = _route(config["route"])
    return {
        "route": {**route, "matchers": [matcher(CATEGORY), *route.get("matchers", [])]},
        "inhibitRules": [_inhibit_rule(rule) for rule in config["inhibit_rules"]],
        "receivers": [_receiver(receiver, config["global"]) for receiver in config["receivers"]],
        "muteTimeIntervals": [_camel_case(interval) for interval in config["time_intervals"]],
    }


def matcher(text: str) -> Data:
    """A matcher such as `severity = critical` as an object. Raises ConversionError."""
    match = _MATCHER.fullmatch(text.strip())
    if match is None:
        raise ConversionError(f"monitoring/alertmanager.yaml: {text!r} is not a matcher")
    value = json.loads(match[3]) if match[3].startswith('"') else match[3]
    return {"name": match[1], "matchType": match[2], "value": value}


def _route(route: Data) -> Data:
    _check_keys("a route", route, _ROUTE)
    converted = _camel_case({key: value for key, value in route.items() if key not in ("matchers", "routes")})
    if "matchers" in route:
        converted["matchers"] = [matcher(text) for text in route["matchers"]]
    if "routes" in route:
        converted["routes"] = [_route(child) for child in route["routes"]]
    return converted


def _inhibit_rule(rule: Data) -> Data:
    _check_keys("an inhibition rule", rule, {"source_matchers", "target_matchers", "equal"})
    return {
        "sourceMatch": [matcher(text) for text in rule["source_matchers"]],
        "targetMatch": [matcher(text) for text in rule["target_matchers"]],
        **({"equal": rule["equal"]} if "equal" in rule else {}),
    }


def _receiver(receiver: Data, mail_server: Mapping[str, str]) -> Data:
    _check_keys("a receiver", receiver, {"name", "pagerduty_configs", "email_configs"})
    converted: Data = {"name": receiver["name"]}
    if "pagerduty_configs" in receiver:
        converted["pagerdutyConfigs"] = [
            {
                **_camel_case({key: value for key, value in item.items() if key != "routing_key_file"}),
                "routingKey": _secret_reference(item["routing_key_file"]),
            }
            for item in receiver["pagerduty_configs"]
        ]
    if "email_configs" in receiver:
        server = {
            "smarthost": mail_server["smtp_smarthost"],
            "from": mail_server["smtp_from"],
            "authUsername": mail_server["smtp_auth_username"],
            "authPassword": _secret_reference(mail_server["smtp_auth_password_file"]),
        }
        converted["emailConfigs"] = [
            {
                **server,
                **_camel_case({key: value for key, value in item.items() if key != "headers"}),
                **({"headers": _pairs(item["headers"])} if "headers" in item else {}),
            }
            for item in receiver["email_configs"]
        ]
    return converted


def _secret_reference(file: str) -> Data:
    secret, key = file.removeprefix(f"{SECRETS}/").split("/")
    return {"name": secret, "key": key}


def _pairs(mapping: Mapping[str, str]) -> list[Data]:
    return [{"key": key, "value": value} for key, value in mapping.items()]


def _camel_case(value: Any) -> Any:
    """`value` with every key of its mappings in camel case."""
    if isinstance(value, dict):
        return {
            re.sub(r"_(\w)", lambda match: match[1].upper(), key): _camel_case(item)
            for key, item in value.items()
        }
    return [_camel_case(item) for item in value] if isinstance(value, list) else value


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with every text changed."""
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _check_keys(what: str, mapping: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(mapping.keys() - known):
        raise ConversionError(
            f"monitoring/alertmanager.yaml: {what} has {', '.join(unknown)}, which"
            " components/monitoring/alertmanager.py does not convert"
        )
