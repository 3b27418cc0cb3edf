"""Pulumi's passphrase secrets: AES-256-GCM under a key of one million rounds of PBKDF2 with SHA-256.

Source: pulumi/pkg/v3 v3.259.0, secrets/passphrase and sdk/v3 resource/config/crypt.go, read 2026-11.
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

_ROUNDS = 1_000_000


class Crypter:
    """Encrypts and decrypts the `secure:` values that belong to one passphrase and one `encryptionsalt`."""

    def __init__(self, passphrase: str, state: str):
        self.passphrase = passphrase
        self.state = state

    def encrypt(self, clear: str) -> str:
        nonce = os.urandom(12)
        sealed = self._cipher.encrypt(nonce, clear.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, ciphertext: str) -> str | None:
        """The clear text; None when it was not made with this passphrase."""
        from cryptography.exceptions import InvalidTag

        try:
            _, nonce, sealed = ciphertext.split(":")
            return self._cipher.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()
        except (InvalidTag, ValueError):
            return None

    @cached_property
    def _cipher(self):
        # Imported late: most stacks have no secret, and the key alone takes a third of a second.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = base64.b64decode(self.state.split(":")[1])
        return AESGCM(hashlib.pbkdf2_hmac("sha256", self.passphrase.encode(), salt, _ROUNDS, dklen=32))


# The state was made by the engine; it must be the same in a stack's state and in its configuration.
SANDBOX = Crypter("sandbox", "v1:MrSwOjBuwtA=:v1:KN9NgKRrt3x++B7s:xq/Q1xaWOs/dnEYxAs4p7HYrZnjbXw==")


def crypter_for(state: str | None, environment: Mapping[str, str]) -> Crypter | None:
    """What reads the secrets of a file that was made with the passphrase in the user's environment."""
    passphrase = environment.get("PULUMI_CONFIG_PASSPHRASE")
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if passphrase is None and file and Path(file).is_file():
        passphrase = Path(file).read_text().strip()
    if not state or passphrase is None:
        return None
    crypter = Crypter(passphrase, state)
    return crypter if crypter.decrypt(state.split(":", 2)[2]) == "pulumi" else None
