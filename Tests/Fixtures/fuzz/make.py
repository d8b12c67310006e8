#!/usr/bin/env python3
"""Makes small sound inputs for Tests/fuzz.sh: what a fuzzer changes should be structure, not numbers."""
import json
import pathlib
import struct

folder = pathlib.Path(__file__).parent


def varint(number):
    data = b""
    while number > 127:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def safetensors(tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, (kind, shape, content) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def onnx_tensor(name, dims, kind, number, content):
    return b"".join(field(1, d) for d in dims) + field(2, kind) + field(8, name) + field(number, content)


floats = struct.pack("<6f", *range(6))
(folder / "small.safetensors").write_bytes(safetensors({
    "a.weight": ("F32", [2, 3], floats),
    "b": ("BF16", [2], b"\x80?\x00@"),
    "c": ("F16", [], b"\x00<"),
    "d": ("I64", [1], struct.pack("<q", -5)),
    "e": ("BOOL", [3], b"\x01\x00\x01"),
}, {"names": '["a","b"]', "format": "pt"}))

initializers = [
    onnx_tensor(b"weight", [2, 3], 1, 9, floats), onnx_tensor(b"listed", [2], 1, 4, floats[:8]),
    onnx_tensor(b"whole", [2], 7, 7, varint(3) + varint(4)), onnx_tensor(b"half", [2], 10, 9, b"\x00<\x00@"),
]
constant = field(2, b"constant") + field(4, b"Constant") + field(5, field(1, b"value") + field(20, 4) + field(5, initializers[0]))
transpose = field(1, b"weight") + field(2, b"turned") + field(4, b"Transpose")
graph = b"".join(field(5, i) for i in initializers) + field(1, constant) + field(1, transpose) + field(2, b"graph")
(folder / "small.onnx").write_bytes(
    field(1, 8) + field(2, b"fuzz") + field(7, graph) + field(8, field(1, b"") + field(2, 17))
    + field(14, field(1, b"key") + field(2, b"value")))

(folder / "scores.csv").write_text(
    "rank,image,score,score_msm,p_value,flagged,peak_x,peak_y,width,height,overlay,error\r\n"
    '1,"part, ""one"".png",0.412346,0.4,,true,12,34,1280,960,overlays/part_1.png,\r\n'
    ",b.jpg,,,,,,,,,,\"It ends early,\r\nat byte 12.\"\r\n", newline="")
(folder / "list.csv").write_text("0.25\n0.5\n1e-3\n-7\n")
(folder / "listing.csv").write_text(
    "object,split,label,image,mask\ncandle,train,normal,candle/0001.JPG,\ncandle,test,anomaly,candle/000.JPG,candle/000.png\n")
(folder / "reference.yaml").write_text("""# As the reference's own configuration.
datasets:
  dataset_name: mvtec_ad
  data_path: ./data/mvtec_anomaly_detection/
  class_name: [bottle, "cable"]
  img_resize: 518
  divide_num: 1
models:
  backbone_name: dinov2_vitl14
  pretrained: openai
  batch_size: 4
  feature_layers: [5, 11, 17, 23]
  r_list: [1, 3, 5]
testing:
  output_dir: './output'
  vis: False
  vis_type: whole_norm
  save_excel: True
anchors: &a {b: [*a, ~]}
""")
