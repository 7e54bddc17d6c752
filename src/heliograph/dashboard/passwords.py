"""Passwords: what one must be, and argon2id away from the event loop.

Checking takes as long for an email that nobody has: the work is done on a hash of nothing.
"""

import asyncio
import functools
import os
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1024

# RFC 9106, 4: the second recommended option, 64 MiB; so each that runs at the same time takes that much memory.
_HASHER = PasswordHasher()
_POOL = ThreadPoolExecutor(max_workers=max(1, min(4, (os.cpu_count() or 1) // 2)), thread_name_prefix="passwords")


@functools.cache
def _nobodys() -> str:
    """The hash of a password that nobody knows, with our parameters of now."""
    return _HASHER.hash(os.urandom(32))


def problem_of(password: str, *known: str) -> str | None:
    """What is wrong with a new password, or None. ``known``: what others know of the person, such as the email."""
    if len(password) < SHORTEST:
        return f"Too short. Take at least {SHORTEST} characters; a few words are good."
    if len(password) > LONGEST:
        return f"Too long. Take at most {LONGEST} characters."
    if len(set(password.casefold())) < 5:
        return "Too few different characters. A few words are good."
    if password.casefold() in {word.casefold() for word in known}:
        return "This is known to others. Take something that only you know."
    return None


async def hash_of(password: str) -> str:
    """What is kept of a password."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


async def check(kept: str | None, password: str) -> bool:
    """Whether this is the password; takes as long when there is none."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _check, kept, password)


def is_old(kept: str) -> bool:
    """Whether it was made with other parameters than those of now."""
    return _HASHER.check_needs_rehash(kept)


def _check(kept: str | None, password: str) -> bool:
    try:
        _HASHER.verify(kept or _nobodys(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
