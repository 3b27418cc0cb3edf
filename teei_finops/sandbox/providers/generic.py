# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""A fake for every provider other than AWS and Kubernetes: it accepts all inputs and makes random values."""

import base64
import secrets
import string
import uuid
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.fake_provider import FakeProvider
from teei_finops.sandbox.providers.property_diff import diff_response, differences
from teei_finops.sandbox.providers.property_values import secret, struct_to_python, with_outputs

_COMMON_PROVIDERS = (
    "random",
    "tls",
    "time",
    "command",
    "null",
    "archive",
    "docker",
    "local",
    "http",
    "cloudflare",
    "github",
)
_WORDS = ("brave", "calm", "eager", "fair", "gentle", "keen", "merry", "proud", "swift", "wise")
_ANIMALS = ("badger", "crane", "dolphin", "falcon", "heron", "lynx", "otter", "panda", "robin", "yak")


def generic_provider_names() -> frozenset[str]:
    """The packages with a generic fake: the common ones, and those whose SDK is installed."""
    installed = {
        item.name.replace("_", "-").removeprefix("pulumi-")
        for item in distributions()
        if item.name.replace("_", "-").startswith("pulumi-")
    }
    return frozenset(_COMMON_PROVIDERS) | installed - {"aws", "kubernetes", "policy"}


class GenericProvider(FakeProvider):
    """Accepts every resource of one provider; values of `random` are really random."""

    def __init__(self, name: str):
        super().__init__(_installed_version(name))
        self._name = name

    def Diff(self, request, context):
        olds, news = struct_to_python(request.old_inputs), struct_to_python(request.news)
        replaces_all = self._name in ("random", "tls")  # a value is generated once
        return diff_response(list(differences(olds, news)), lambda _: replaces_all)

    def Create(self, request, context):
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        inputs = struct_to_python(request.properties)
        resource_id, outputs = _created(request.type, inputs)
        return provider_pb2.CreateResponse(
            id=resource_id, properties=with_outputs(request.properties, outputs)
        )

    def Invoke(self, request, context):
        text = f"the sandbox does not support {request.tok} of the provider {self._name}; remove the call"
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, text)

    def Construct(self, request, context):
        text = f"the sandbox does not support the component {request.type} of the provider {self._name}"
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, text)


def _installed_version(name: str) -> str:
    try:
        return version(f"pulumi_{name}")
    except PackageNotFoundError:
        return "1.0.0"


def _created(token: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
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
