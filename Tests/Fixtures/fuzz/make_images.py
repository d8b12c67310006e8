#!/usr/bin/env python3
"""Makes the small image files of this folder: seeds for the fuzzers, of kinds that Tests/Fixtures/images lacks.

Needs nothing but Python.
"""
import lzma
import struct
import zlib
from pathlib import Path

folder = Path(__file__).parent
SIZES = {1: 1, 3: 2, 4: 4, 12: 8}


def tiff(*pages):
    """Pages are dictionaries of tags, with the planes' bytes under "planes" and directories below under "below"."""
    file = bytearray(b"II*\0\0\0\0\0")

    def append(page):
        below = [append(inner)[0] for inner in page.pop("below", [])]
        offsets = []
        planes = page.pop("planes")
        for plane in planes:
            offsets.append(len(file))
            file.extend(plane + b"\0" * (len(plane) % 2))
        fields = {259: (3, [1]), 262: (3, [1]), 277: (3, [1]), **page, 273: (4, offsets), 279: (4, [len(p) for p in planes])}
        if below:
            fields[330] = (4, below)
        fields.setdefault(278, fields[257])
        fields.setdefault(258, (3, [8] * fields[277][1][0]))
        entries = b""
        for tag, (kind, values) in sorted(fields.items()):
            data = b"".join(struct.pack({1: "<B", 3: "<H", 4: "<I", 12: "<d"}[kind], value) for value in values)
            if len(data) > 4:
                place = len(file)
                file.extend(data + b"\0" * (len(data) % 2))
                data = struct.pack("<I", place)
            entries += struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
        start = len(file)
        file.extend(struct.pack("<H", len(fields)) + entries + b"\0" * 4)
        return start, len(file) - 4

    link = 4
    for page in pages:
        start, end = append(dict(page))
        struct.pack_into("<I", file, link, start)
        link = end
    return bytes(file)


def size(width, height, samples=1, **more):
    return {256: (4, [width]), 257: (4, [height]), 277: (3, [samples]), **more}


def keep(name, data):
    (folder / name).write_bytes(data)


grey = {**size(4, 4), "planes": [bytes(range(0, 160, 10))]}
keep("tiff_stack.tif", tiff(grey, {**grey, 254: (4, [2])}, {**grey, "planes": [bytes(16)]}))
keep("tiff_thumbnail.tif", tiff({**size(1, 1), 254: (4, [1]), "planes": [b"\7"], "below": [dict(grey)]}))
keep("tiff_dng.tif", tiff({**grey, 50706: (1, [1, 4, 0, 0])}))
keep("tiff_lzma.tif", tiff({**grey, 259: (3, [34925]), "planes": [lzma.compress(bytes(range(16)), check=lzma.CHECK_NONE)]}))
keep("tiff_int16.tif", tiff({**size(4, 2), 258: (3, [16]), 339: (3, [2]), "planes": [struct.pack("<8h", *range(-4, 4))]}))
keep("tiff_uint32.tif", tiff({**size(4, 2), 258: (3, [32]), "planes": [struct.pack("<8I", *(i << 29 for i in range(8)))]}))
keep("tiff_half_planes.tif", tiff({**size(2, 2, 3), 258: (3, [16] * 3), 339: (3, [3] * 3), 262: (3, [2]), 284: (3, [2]),
                                   "planes": [struct.pack("<4e", 0, 0.25, 0.5, 1)] * 3}))
keep("tiff_double.tif", tiff({**size(2, 2), 258: (3, [64]), 339: (3, [3]), "planes": [struct.pack("<4d", 0, float("nan"), 0.5, 1)]}))
keep("tiff_premultiplied16.tif", tiff({**size(2, 1, 4), 258: (3, [16] * 4), 262: (3, [2]), 338: (3, [1]),
                                       "planes": [struct.pack("<8H", 1, 2, 3, 4, 500, 600, 700, 800)]}))
keep("tiff_lab.tif", tiff({**size(2, 2, 3), 262: (3, [8]), "planes": [bytes([255, 0, 0, 90, 20, 230] * 2)]}))
keep("tiff_cmyk_planes.tif", tiff({**size(2, 2, 4), 262: (3, [5]), 332: (3, [1]), 284: (3, [2]), "planes": [bytes(range(4))] * 4}))
keep("tiff_ycbcr_planes.tif", tiff({**size(2, 2, 3), 262: (3, [6]), 530: (3, [1, 1]), 284: (3, [2]), "planes": [bytes([90, 128, 200, 3])] * 3}))
keep("tiff_fax.tif", tiff({**size(8, 1), 258: (3, [1]), 259: (3, [2]), "planes": [b"\x98"]}))
jpeg = (folder.parent / "images/jpeg_422.jpg").read_bytes()
scan = jpeg[jpeg.index(b"\xff\xda"):]
page = {**size(47, 35, 3), 259: (3, [6]), 262: (3, [6]), 530: (3, [2, 1]), 513: (4, [0]), 514: (4, [len(jpeg)]), "planes": [scan]}
data = bytearray(tiff(page))
struct.pack_into("<I", data, data.index(struct.pack("<HHI", 513, 4, 1)) + 8, len(data))
keep("tiff_old_jpeg.tif", bytes(data) + jpeg)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06\0\0\0\0"
profile = b"\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0))
tail = chunk(b"IDAT", zlib.compress(b"\0\1\2")) + chunk(b"IEND", b"")
keep("text_exif6.png", head + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile)) + tail)
keep("xmp_exif6.png", head + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"6\"/>") + tail)


def animation(name, aside):
    """Three pictures, of which the first is a frame, or stands aside for programs that know no animations."""
    def control(number):
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 2, 1, 0, 0, 1, 10, 0, 0))

    def later(number, *values):
        return chunk(b"fdAT", struct.pack(">I", number) + zlib.compress(bytes((0, *values))))

    count = chunk(b"acTL", struct.pack(">II", 2 if aside else 3, 0))
    start, data, end = 0 if aside else 1, tail[:-12], tail[-12:]
    frames = control(start) + later(start + 1, 3, 4) + control(start + 2) + later(start + 3, 5, 6)
    keep(name, head + count + (b"" if aside else control(0)) + data + frames + end)


animation("animation.png", aside=False)
animation("animation_aside.png", aside=True)

# CIPA's Multi-Picture Format: an index in the first JPEG, offsets from the index's own header.
index = struct.pack("<2sHIHHHIIHHIII", b"II", 42, 8, 2, 0xB001, 4, 1, 2, 0xB002, 7, 32, 38, 0)
entries = struct.pack("<IIIHH", 0x030000, len(jpeg), 0, 0, 0)
size_of_segment = 4 + len(index) + 32 + 2
entries += struct.pack("<IIIHH", 0x020002, len(jpeg), len(jpeg) + 2 + size_of_segment - 10, 0, 0)
keep("views.mpo", jpeg[:2] + b"\xff\xe2" + struct.pack(">H", size_of_segment) + b"MPF\0" + index + entries + jpeg[2:] + jpeg)

keep("sequence.pgm", b"P5\n4 2\n255\n" + bytes([10] * 8) + b"P5\n3 1\n4095\n" + bytes(6) + b"\nP6 1 1 255\n" + bytes(3))
keep("sequence.ppm", b"P6\n2 1\n255\n" + bytes([10] * 6) + b"P4\n9 1\n" + bytes(2))
bitmap = (folder.parent / "images/bmp_grey.bmp").read_bytes()
keep("two.bmp", bitmap + bitmap)
