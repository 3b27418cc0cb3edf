"""The values that the providers `random` and `tls` generate, and those of `command`."""

import base64
import secrets
import string
import uuid
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.property_values import secret

_WORDS = ("brave", "calm", "eager", "fair", "gentle", "keen", "merry", "proud", "swift", "wise")
_ANIMALS = ("badger", "crane", "dolphin", "falcon", "heron", "lynx", "otter", "panda", "robin", "yak")


def generated_resource(token: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id and the outputs of a new resource."""
    resource_type = token.rsplit(":", 1)[-1]
    if token.startswith("random:"):
        return _random_value(resource_type, inputs)
    if resource_type == "PrivateKey" and token.startswith("tls:"):
        return _private_key()
    if resource_type == "Command":
        return secrets.token_hex(4), {"stdout": "", "stderr": ""}
    return secrets.token_hex(8), {}


def _random_value(resource_type: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if resource_type in ("RandomString", "RandomPassword"):
        text = _random_text(inputs)
        result = secret(text) if resource_type == "RandomPassword" else text
        return ("none" if resource_type == "RandomPassword" else text), {"result": result}
    if resource_type == "RandomId":
        data = secrets.token_bytes(int(inputs["byteLength"]))
        prefix = inputs.get("prefix") or ""
        url = base64.urlsafe_b64encode(data).decode().rstrip("=")
        return url, {
            "hex": prefix + data.hex(),
            "dec": prefix + str(int.from_bytes(data)),
            "b64Url": prefix + url,
            "b64Std": prefix + base64.b64encode(data).decode(),
        }
    if resource_type == "RandomInteger":
        low, high = int(inputs["min"]), int(inputs["max"])
        number = low + secrets.randbelow(high - low + 1)
        return str(number), {"result": number}
    if resource_type == "RandomUuid":
        text = str(uuid.uuid4())
        return text, {"result": text}
    if resource_type == "RandomPet":
        words = [
            *(secrets.choice(_WORDS) for _ in range(int(inputs.get("length") or 2) - 1)),
            secrets.choice(_ANIMALS),
        ]
        pet = (inputs.get("separator") or "-").join([*filter(None, [inputs.get("prefix")]), *words])
        return pet, {}
    if resource_type == "RandomShuffle":
        pool = list(inputs["inputs"])
        secrets.SystemRandom().shuffle(pool)
        count = int(inputs.get("resultCount") or len(pool))
        return "-", {"results": [pool[index % len(pool)] for index in range(count)] if pool else []}
    return secrets.token_hex(8), {}


def _random_text(inputs: Mapping[str, Any]) -> str:
    classes = (
        ("lower", "minLower", string.ascii_lowercase),
        ("upper", "minUpper", string.ascii_uppercase),
        ("numeric", "minNumeric", string.digits),
        ("special", "minSpecial", inputs.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?"),
    )
    used = [
        (inputs.get(least) or 0, characters)
        for flag, least, characters in classes
        if inputs.get(flag) is not False
    ]
    letters = [secrets.choice(characters) for least, characters in used for _ in range(int(least))]
    alphabet = "".join(characters for _, characters in used)
    letters += [secrets.choice(alphabet) for _ in range(int(inputs["length"]) - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def _private_key() -> tuple[str, dict[str, Any]]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    ssh = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    outputs = {"privateKeyPem": secret(private), "publicKeyPem": pem, "publicKeyOpenssh": ssh}
    return uuid.uuid4().hex, outputs
