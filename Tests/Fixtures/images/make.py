#!/usr/bin/env python3
"""Makes the image files of this folder and expected.safetensors, the pixels that Pillow reads from them.

Needs numpy, Pillow 9.4, tifffile, and tiffcp of libtiff-tools.
Where Pillow has no 8-bit answer (16-bit grey, floating point), numpy computes the documented one.
"""
import io, json, struct, subprocess, warnings, zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

warnings.simplefilter("ignore")
folder = Path(__file__).parent
random = np.random.default_rng(20240607)
expected = {}


def photograph(height, width, channels=3):
    """Smooth shapes with a little noise, so that codecs have something to do."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        wave = np.sin(x / (3 + c) + c) + np.cos(y / (4 + c)) + np.where((x - width / 2) ** 2 + y * y < 60, 0.8, 0)
        planes.append((wave + 2) / 4.8 * 255 + random.normal(0, 4, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def keep(name, data, rgb=None, grey=None):
    (folder / name).write_bytes(data)
    if rgb is None:
        rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        grey = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    elif rgb.ndim == 2:
        grey, rgb = rgb, np.repeat(rgb[..., None], 3, -1)
    elif grey is None:
        grey = np.asarray(Image.fromarray(rgb).convert("L"))
    expected[name + "/rgb"] = rgb
    expected[name + "/l"] = grey


def saved(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


# PNG: every colour type and depth, plain and interlaced, with tRNS where it is allowed.
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            rows.append(b"\0" + row.astype(">u2").tobytes())
        elif depth == 8:
            rows.append(b"\0" + row.astype(np.uint8).tobytes())
        else:
            bits = ((row[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8).ravel()
            rows.append(b"\0" + np.packbits(bits).tobytes())
    return b"".join(rows)


def png(samples, colour, depth, interlaced, extra=b""):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes]
        raw = b"".join(packed_rows(p, depth) for p in parts if p.size)
    else:
        raw = packed_rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw, 9))
            + chunk(b"IEND", b""))


for colour, channels, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)),
                                 (4, 2, (8, 16)), (6, 4, (8, 16))]:
    for depth in depths:
        samples = random.integers(0, 1 << depth, (13, 11, channels))
        if channels == 1:
            samples = samples[..., 0]
        extra = b""
        if colour == 3:
            extra = chunk(b"PLTE", random.integers(0, 256, 3 << depth).astype(np.uint8).tobytes())
            extra += chunk(b"tRNS", random.integers(0, 256, 1 << depth).astype(np.uint8).tobytes())
        elif colour in (0, 2):
            extra = chunk(b"tRNS", struct.pack(">H", 1) * channels)
        for interlaced in (False, True):
            name = f"png_type{colour}_{depth}bit{'_interlaced' if interlaced else ''}.png"
            data = png(samples, colour, depth, interlaced, extra)
            if depth == 16 and colour in (0, 4):
                keep(name, data, ((samples if colour == 0 else samples[..., 0]) >> 8).astype(np.uint8))
            else:
                keep(name, data)
exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
keep("png_exif6.png", png(photograph(9, 14), 2, 8, False, chunk(b"eXIf", exif)))

# JPEG.
colours = Image.fromarray(photograph(35, 47))
keep("jpeg_422.jpg", saved(colours, "JPEG", quality=80, subsampling=1))
keep("jpeg_optimised_progressive_grey.jpg", saved(colours.convert("L"), "JPEG", progressive=True, optimize=True))
cmyk = saved(colours.convert("CMYK"), "JPEG", quality=85)
keep("jpeg_cmyk.jpg", cmyk)
adobe = cmyk.index(b"Adobe")
keep("jpeg_ycck.jpg", cmyk[:adobe + 11] + b"\2" + cmyk[adobe + 12:])
plain = saved(colours, "JPEG", quality=85, subsampling=0)
app14 = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
keep("jpeg_rgb_components.jpg", plain[:2] + app14 + plain[2:])
corners = np.zeros((24, 40, 3), np.uint8)
corners[:8, :8] = (250, 20, 20)
corners[:8, -8:] = (20, 250, 20)
corners[-8:, :8] = (20, 20, 250)
corners[-8:, -8:] = (250, 250, 20)
for orientation in range(1, 9):
    tags = Image.Exif()
    tags[0x0112] = orientation
    keep(f"jpeg_exif{orientation}.jpg", saved(Image.fromarray(corners), "JPEG", quality=95, exif=tags))

# TIFF.
rgb, grey = photograph(29, 43), photograph(29, 43, 1)[..., 0]
rgba = np.dstack([rgb, random.integers(0, 256, grey.shape).astype(np.uint8)])
for compression in ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg"):
    keep(f"tiff_rgb_{compression}.tif", saved(Image.fromarray(rgb), "TIFF", compression=compression))
keep("tiff_grey_jpeg.tif", saved(Image.fromarray(grey), "TIFF", compression="jpeg"))
for compression in ("raw", "group3", "group4", "tiff_ccitt"):
    keep(f"tiff_bilevel_{compression}.tif", saved(Image.fromarray(grey).convert("1"), "TIFF", compression=compression))
keep("tiff_palette.tif", saved(Image.fromarray(rgb).quantize(50), "TIFF", compression="tiff_lzw"))
keep("tiff_cmyk.tif", saved(Image.fromarray(rgb).convert("CMYK"), "TIFF", compression="tiff_lzw"))
keep("tiff_rgba.tif", saved(Image.fromarray(rgba), "TIFF", compression="tiff_lzw"))
keep("tiff_grey_alpha.tif", saved(Image.fromarray(rgba).convert("LA"), "TIFF"))


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, metadata=None, **options)
    return buffer.getvalue()


deep, deep_rgb = random.integers(0, 65536, (29, 43)).astype(np.uint16), random.integers(0, 65536, (29, 43, 3)).astype(np.uint16)
eight = (deep >> 8).astype(np.uint8)
keep("tiff_16bit_grey.tif", tiff(deep), eight)
keep("tiff_16bit_grey_big_endian.tif", tiff(deep, byteorder=">"), eight)
keep("tiff_16bit_grey_tiles.tif", tiff(deep, tile=(16, 16), compression="zlib", predictor=True), eight)
keep("tiff_16bit_white_is_zero.tif", tiff(deep, photometric="miniswhite"), ((65535 - deep) >> 8).astype(np.uint8))
keep("tiff_16bit_rgb.tif", tiff(deep_rgb, photometric="rgb", compression="zlib"), (deep_rgb >> 8).astype(np.uint8))
keep("tiff_big.tif", tiff(rgb, bigtiff=True, photometric="rgb"), rgb)
keep("tiff_two_pages.tif", tiff(np.stack([grey, 255 - grey])), grey)
keep("tiff_planes.tif", tiff(np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate"), rgb)
keep("tiff_planes_tiles.tif", tiff(np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate", tile=(16, 32), compression="zlib"), rgb)
keep("tiff_tiles.tif", tiff(rgb, photometric="rgb", tile=(16, 16)), rgb)
keep("tiff_premultiplied.tif", tiff(rgba, photometric="rgb", extrasamples=["assocalpha"]))
unit = random.random((29, 43)).astype(np.float32)
keep("tiff_float.tif", tiff(unit), np.floor(unit * np.float32(255) + np.float32(0.5)).astype(np.uint8))
keep("tiff_orientation8.tif", tiff(rgb, photometric="rgb", extratags=[(274, "H", 1, 8, True)]), rgb)
source = folder / "tiff_rgb_raw.tif"
for name, command in [("tiff_jpeg_ycbcr.tif", ["tiffcp", "-c", "jpeg:80"]),
                      ("tiff_jpeg_ycbcr_tiles.tif", ["tiffcp", "-c", "jpeg:80", "-t", "-w", "32", "-l", "16"])]:
    subprocess.run([*command, source, folder / name], check=True)
    keep(name, (folder / name).read_bytes())
ycbcr = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
keep("tiff_ycbcr.tif", tiff(ycbcr, photometric="ycbcr", subsampling=(1, 1), compression="zlib"))


# BMP.
def bmp(width, height, bits, pixels, compression=0, palette=b"", masks=b"", header=40, used=0):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 0, 0, used, 0)
        info += masks + b"\0" * max(header - 40 - len(masks), 0)
    offset = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + info + palette + pixels


def bmp_rows(values, bits):
    rows = []
    for row in values:
        if bits < 8:
            data = np.packbits(((row[:, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).ravel()).tobytes()
        else:
            data = row.astype({8: "<u1", 16: "<u2", 32: "<u4"}[bits]).tobytes()
        rows.append(data + b"\0" * (-len(data) % 4))
    return b"".join(rows)


def palette(bits, size=4):
    colours = random.integers(0, 256, (1 << bits, size)).astype(np.uint8)
    return colours.tobytes()


keep("bmp_1bit.bmp", bmp(19, 11, 1, bmp_rows(random.integers(0, 2, (11, 19)), 1), palette=palette(1)))
keep("bmp_4bit.bmp", bmp(19, 11, 4, bmp_rows(random.integers(0, 16, (11, 19)), 4), palette=palette(4)))
keep("bmp_8bit.bmp", bmp(19, 11, 8, bmp_rows(random.integers(0, 256, (11, 19)), 8), palette=palette(8)))
keep("bmp_8bit_os2.bmp", bmp(19, 11, 8, bmp_rows(random.integers(0, 256, (11, 19)), 8), palette=palette(8, 3), header=12))
keep("bmp_16bit_555.bmp", bmp(19, 11, 16, bmp_rows(random.integers(0, 1 << 15, (11, 19)), 16)))
keep("bmp_16bit_565.bmp", bmp(19, 11, 16, bmp_rows(random.integers(0, 1 << 16, (11, 19)), 16), compression=3,
                              masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F)))
keep("bmp_24bit_top_down.bmp", bmp(19, -11, 24, b"".join(r.tobytes() + b"\0" * 3 for r in photograph(11, 19))))
keep("bmp_32bit.bmp", bmp(19, 11, 32, bmp_rows(random.integers(0, 1 << 32, (11, 19)), 32)))
keep("bmp_32bit_masks.bmp", bmp(19, 11, 32, bmp_rows(random.integers(0, 1 << 32, (11, 19)), 32), compression=3, header=108,
                                masks=struct.pack("<IIII", 0xFF000000, 0x00FF0000, 0x0000FF00, 0x000000FF)))
keep("bmp_grey.bmp", saved(Image.fromarray(photograph(11, 19, 1)[..., 0]), "BMP"))
# Runs, single pixels and an end of line before the row's end. (Pillow 9.4 misreads moves and odd counts of
# four-bit pixels; the tests have their own for these.)
runs8 = bytes([5, 7, 14, 9, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 14, 200, 0, 0, 3, 2, 0, 0]) + bytes([19, 3, 0, 0]) * 5
keep("bmp_rle8.bmp", bmp(19, 9, 8, runs8 + bytes([19, 8, 0, 1]), compression=1, palette=palette(8)))
runs4 = bytes([7, 0x12, 12, 0x9A, 0, 0, 0, 8, 0x12, 0x34, 0x56, 0x78, 11, 0xCC, 0, 0]) + bytes([19, 0x3E, 0, 0]) * 5
keep("bmp_rle4.bmp", bmp(19, 8, 4, runs4 + bytes([19, 0x81, 0, 1]), compression=2, palette=palette(4)))


# PNM.
grey, rgb = photograph(7, 13, 1)[..., 0], photograph(7, 13)


def plain_text(values):
    return ("\n".join(" ".join(str(v) for v in row) for row in values.reshape(7, -1)) + "\n").encode()


bits = random.integers(0, 2, (7, 13))
keep("pnm_p1.pbm", b"P1\n# a comment\n13 7\n" + plain_text(bits))
keep("pnm_p2.pgm", b"P2 13 # width\n7\n255\n" + plain_text(grey))
keep("pnm_p2_maximum_100.pgm", b"P2\n13 7\n100\n" + plain_text(grey // 3))
keep("pnm_p3.ppm", b"P3\n13 7\n255\n" + plain_text(rgb))
keep("pnm_p4.pbm", b"P4\n13 7\n" + np.packbits(bits.astype(np.uint8), axis=1).tobytes())
keep("pnm_p5.pgm", b"P5\n13 7\n255\n" + grey.tobytes())
keep("pnm_p5_maximum_31.pgm", b"P5\n13 7\n31\n" + (grey // 8).tobytes())
keep("pnm_p6.ppm", b"P6\n13 7\n255\n" + rgb.tobytes())
deep, deep_rgb = random.integers(0, 65536, (7, 13)), random.integers(0, 65536, (7, 13, 3))
keep("pnm_p5_16bit.pgm", b"P5\n13 7\n65535\n" + deep.astype(">u2").tobytes(), (deep >> 8).astype(np.uint8))
keep("pnm_p6_16bit.ppm", b"P6\n13 7\n65535\n" + deep_rgb.astype(">u2").tobytes(), (deep_rgb >> 8).astype(np.uint8))
twelve = deep >> 4
keep("pnm_p5_12bit.pgm", b"P5\n13 7\n4095\n" + twelve.astype(">u2").tobytes(),
     (np.rint(twelve / 4095 * 65535).astype(np.int64) >> 8).astype(np.uint8))

# Pillow's resampling of grey, as masks need it, with sides that grow, shrink, stay and become 1.
mask = Image.fromarray(np.where(photograph(90, 130, 1)[..., 0] > 140, 255, 0).astype(np.uint8))
(folder / "mask.png").write_bytes(saved(mask, "PNG", optimize=True))
for filter, code in (("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC), ("box", Image.BOX)):
    for width, height in ((56, 56), (200, 45), (130, 30), (60, 90), (1, 1), (1, 90)):
        expected[f"mask.png/l/{filter}/{width}x{height}"] = np.asarray(mask.resize((width, height), code))
        colour = Image.open(folder / "jpeg_422.jpg").convert("RGB")
        expected[f"jpeg_422.jpg/rgb/{filter}/{width}x{height}"] = np.asarray(colour.resize((width, height), code))

header, body = {}, b""
for name, array in sorted(expected.items()):
    data = np.ascontiguousarray(array, np.uint8).tobytes()
    header[name] = {"dtype": "U8", "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
    body += data
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
(folder / "expected.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
print(len(expected), "arrays,", len(body), "bytes")
