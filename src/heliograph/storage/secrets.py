"""Tokens and secrets at rest: AES-256-GCM, the key's id in the ciphertext, bound to the row they belong to.

Format: one version byte, four bytes of key id, twelve bytes of nonce, ciphertext with its tag. The associated data
is the secret's place (``"facebook_app:1234"``), so that a ciphertext copied to another row does not decrypt.
Rotation without downtime: give the new key first and the old ones after it, comma-separated.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
# What is signed with must not be what is sealed with.
_SIGNING = b"heliograph:signing"


class SecretError(Exception):
    """A secret cannot be read: wrong or missing key, or tampered data."""


class KeyMissingError(SecretError):
    """It was sealed with a key that this process does not have; another may."""


class SecretBox:
    """Encrypts with the first key, decrypts with whichever key the ciphertext names."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys:
            raise SecretError("no secret key was given")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])
        self._signing = [hmac.digest(key, _SIGNING, "sha256") for key in keys]

    def sign(self, text: str) -> bytes:
        """A signature over ``text``: 16 bytes. The same for the same text and key."""
        return _mac(self._signing[0], text)

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Whether :meth:`sign` made this, with any of the keys. Takes as long for a wrong one."""
        checked = [hmac.compare_digest(_mac(key, text), signature) for key in self._signing]
        return any(checked)

    def seal(self, plain: str, place: str) -> bytes:
        """Encrypt ``plain`` for the row named by ``place``."""
        nonce = secrets.token_bytes(12)
        sealed = self._ciphers[self._first].encrypt(nonce, plain.encode(), place.encode())
        return _VERSION + self._first + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt what :meth:`seal` made. Raises :class:`SecretError` when it cannot."""
        key_id, nonce, body = sealed[1:5], sealed[5:17], sealed[17:]
        cipher = self._ciphers.get(key_id)
        if sealed[:1] != _VERSION or cipher is None:
            raise KeyMissingError(
                f"{place} was encrypted with key {key_id.hex()}, which HELIOGRAPH_SECRET_KEY does not hold. "
                "Add that key after the current one, separated by a comma."
            )
        try:
            return cipher.decrypt(nonce, body, place.encode()).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: cut short within the nonce
            raise SecretError(f"the stored secret of {place} is damaged or was moved from another row") from error


def parse_keys(text: str) -> list[bytes]:
    """Keys from ``HELIOGRAPH_SECRET_KEY``: base64 of 32 bytes each, separated by commas, the current one first."""
    keys = []
    for number, part in enumerate(text.split(","), start=1):
        try:
            key = base64.b64decode(part.strip(), altchars=b"-_", validate=True)
        except ValueError as error:  # binascii.Error, or letters outside ASCII
            raise SecretError(f"HELIOGRAPH_SECRET_KEY: key {number} is not base64") from error
        if len(key) != 32:
            raise SecretError(f"HELIOGRAPH_SECRET_KEY: key {number} has {len(key)} bytes; it must have 32")
        keys.append(key)
    return keys


def load_or_make_key(path: Path) -> list[bytes]:
    """The key kept in the data directory (mode 0600), made on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written elsewhere and linked into place: whoever finds the file finds a whole key, and the first one wins.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return parse_keys(path.read_text())


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")[:16]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:4]
