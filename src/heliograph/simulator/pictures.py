"""Pictures that the simulator draws itself, so that it needs none of anybody else's."""

import hashlib
import struct
import zlib

_SIZE = 96
_STORY = (270, 480)


def portrait(key: str) -> bytes:
    """A small PNG for a person or an account, always the same for the same id: a sun over a horizon in two colours."""
    seed = hashlib.sha256(key.encode()).digest()
    sky = _mix((244, 236, 220), (seed[0], seed[1], seed[2]), 0.3)
    sun = _mix((240, 168, 48), (seed[3], seed[4], seed[5]), 0.2)
    radius = _SIZE * (0.24 + seed[6] / 255 * 0.12)
    return _draw(_SIZE, _SIZE, sky, sun, radius, 0.35 + seed[7] / 255 * 0.3)


def story(key: str) -> bytes:
    """An upright PNG that stands for a story."""
    seed = hashlib.sha256(b"story" + key.encode()).digest()
    sky = _mix((250, 214, 160), (seed[0], seed[1], seed[2]), 0.22)
    sun = _mix((248, 186, 74), (seed[3], seed[4], seed[5]), 0.15)
    width, height = _STORY
    return _draw(width, height, sky, sun, 60 + seed[6] / 255 * 50, 0.3 + seed[7] / 255 * 0.3)


Colour = tuple[int, int, int]


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _draw(width: int, height: int, sky: Colour, sun: Colour, radius: float, across: float) -> bytes:
    horizon = int(height * 0.7)
    ground = bytes(_mix(sky, (60, 52, 44), 0.35))
    centre_x, centre_y = width * across, height * 0.45
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        if y >= horizon:
            rows += ground * width
            continue
        shade = bytes(_mix(sky, (255, 252, 244), y / height * 0.5))
        reach = radius * radius - (y - centre_y) ** 2
        half = int(reach**0.5) if reach > 0 else 0
        left, right = max(0, int(centre_x) - half), min(width, int(centre_x) + half)
        rows += shade * left + bytes(sun) * (right - left) + shade * (width - right)
    return _png(width, height, bytes(rows))


def _png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
