"""Pulumi's passphrase secrets: AES-256-GCM with a key from one million rounds of PBKDF2 with SHA-256.

Source: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/config/crypt.go and
pkg/secrets/passphrase/manager.go (2026-11).
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

PLACEHOLDER = "sandbox-placeholder"  # what stands for a secret that cannot be read here
_ROUNDS = 1_000_000


class Crypter:
    """Encrypts and decrypts the `secure:` values of one passphrase and one `encryptionsalt`."""

    def __init__(self, passphrase: str, salt: str):
        self.passphrase = passphrase
        self.salt = salt

    def encrypt(self, plaintext: str) -> str:
        nonce = os.urandom(12)
        sealed = self._cipher.encrypt(nonce, plaintext.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, ciphertext: str) -> str | None:
        """The plaintext; None if the value was encrypted with another passphrase."""
        from cryptography.exceptions import InvalidTag

        try:
            _, nonce, sealed = ciphertext.split(":")
            return self._cipher.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()
        except (InvalidTag, ValueError):
            return None

    def is_valid(self) -> bool:
        """Whether the salt, which ends with the encrypted text `pulumi`, belongs to the passphrase."""
        return self.decrypt(self.salt.split(":", 2)[2]) == "pulumi"

    @cached_property
    def _cipher(self):
        # Imported late: most stacks have no secret, and deriving the key takes 0.3 s.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = base64.b64decode(self.salt.split(":")[1])
        return AESGCM(hashlib.pbkdf2_hmac("sha256", self.passphrase.encode(), salt, _ROUNDS, dklen=32))


# A stack's state and its configuration must have the same salt; the engine generated this one.
SANDBOX = Crypter("sandbox", "v1:MrSwOjBuwtA=:v1:KN9NgKRrt3x++B7s:xq/Q1xaWOs/dnEYxAs4p7HYrZnjbXw==")


def crypter_for(salt: str | None, environment: Mapping[str, str]) -> Crypter | None:
    """The crypter of a stack file with this salt; None if the user's environment lacks its passphrase."""
    passphrase = environment.get("PULUMI_CONFIG_PASSPHRASE")
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if passphrase is None and file and Path(file).is_file():
        passphrase = Path(file).read_text().strip()
    if not salt or passphrase is None:
        return None
    crypter = Crypter(passphrase, salt)
    return crypter if crypter.is_valid() else None
