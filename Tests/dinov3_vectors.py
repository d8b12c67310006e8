#!/usr/bin/env python3
"""Writes other vectors of the DINOv3 goldens' names: random tiny networks and what a plain float64 forward pass makes of
them, in Meta's, Hugging Face's and timm's names. With them the tests ask for numbers that nobody could have tuned to:

    python3 Tests/dinov3_vectors.py FOLDER SEED          (needs PyTorch, for the .pth files: Debian python3-torch)
    MUSC_GOLDENS=FOLDER ./Tests/run.sh ForwardGoldenTests

FOLDER holds a copy of Tests/Fixtures/goldens first; the files of the same names are replaced.
"""
import json
import math
import struct
import sys
from pathlib import Path

import numpy as np
import torch

FOLDER, SEED = Path(sys.argv[1]), int(sys.argv[2])
PATCH, STORAGE, LAYERS = 16, 4, (1, 3)


def write_safetensors(path, tensors, metadata):
    """Header with shapes and offsets, then the numbers (float32, little-endian)."""
    header, data = {"__metadata__": metadata}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def layer_norm(x, weight, bias):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * weight + bias


def rotate(x, angles):
    """Pairs are halves of a head: x is heads × tokens × D, angles tokens × D/2; class and storage tokens stay."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)


def forward(w, image, heads, depth, gated):
    width = w["cls_token"].shape[-1]
    head = width // heads
    rows, columns = image.shape[1] // PATCH, image.shape[2] // PATCH
    patches = image[:, :rows * PATCH, :columns * PATCH].reshape(3, rows, PATCH, columns, PATCH)
    patches = patches.transpose(1, 3, 0, 2, 4).reshape(rows * columns, -1)
    x = patches @ w["patch_embed.proj.weight"].reshape(width, -1).T + w["patch_embed.proj.bias"]
    x = np.concatenate([w["cls_token"][0], w["storage_tokens"][0], x])
    periods = w["rope_embed.periods"]
    down = (2 * (np.arange(rows) + 0.5) / rows - 1)[:, None, None] * 2 * math.pi / periods
    across = (2 * (np.arange(columns) + 0.5) / columns - 1)[None, :, None] * 2 * math.pi / periods
    shape = (rows, columns, len(periods))
    angles = np.concatenate([np.broadcast_to(down, shape), np.broadcast_to(across, shape)], -1)
    angles = angles.reshape(rows * columns, -1)
    tokens = {}
    for index in range(depth):
        b = {name.split(".", 2)[2]: value for name, value in w.items() if name.startswith(f"blocks.{index}.")}
        y = layer_norm(x, b["norm1.weight"], b["norm1.bias"])
        y = y @ b["attn.qkv.weight"].T + b["attn.qkv.bias"] * b["attn.qkv.bias_mask"]
        q, k, v = y.reshape(-1, 3, heads, head).transpose(1, 2, 0, 3)
        q, k = (np.concatenate([t[:, :1 + STORAGE], rotate(t[:, 1 + STORAGE:], angles)], 1) for t in (q, k))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(head)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        y = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(-1, width)
        x = x + b["ls1.gamma"] * (y @ b["attn.proj.weight"].T + b["attn.proj.bias"])
        y = layer_norm(x, b["norm2.weight"], b["norm2.bias"])
        if gated:
            gate = y @ b["mlp.w1.weight"].T + b["mlp.w1.bias"]
            y = gate / (1 + np.exp(-gate)) * (y @ b["mlp.w2.weight"].T + b["mlp.w2.bias"])
            y = y @ b["mlp.w3.weight"].T + b["mlp.w3.bias"]
        else:
            y = y @ b["mlp.fc1.weight"].T + b["mlp.fc1.bias"]
            y = y * 0.5 * (1 + np.vectorize(math.erf)(y / math.sqrt(2)))
            y = y @ b["mlp.fc2.weight"].T + b["mlp.fc2.bias"]
        x = x + b["ls2.gamma"] * y
        if index in LAYERS:
            tokens[f"tokens_raw.{index}"] = x[None, 1 + STORAGE:]
            tokens[f"tokens.{index}"] = layer_norm(x, w["norm.weight"], w["norm.bias"])[None, 1 + STORAGE:]
    return {**tokens, "image_feature": layer_norm(x, w["norm.weight"], w["norm.bias"])[None, 0]}


def random_weights(random, width, heads, depth, hidden, gated, has_bias, half_periods):
    """By Meta's names; every number that a file holds is a float32. Without `has_bias` q, k and v have none."""
    def normal(*shape, scale=0.3, mean=0.0):
        return np.float64(np.float32(random.normal(mean, scale, shape)))
    periods = np.float32(100 ** (4 * np.arange(width // heads // 4) / (width // heads)))
    if half_periods:
        periods = torch.tensor(periods).bfloat16().float().numpy()
    w = {
        "cls_token": normal(1, 1, width), "storage_tokens": normal(1, STORAGE, width), "mask_token": normal(1, width),
        "patch_embed.proj.weight": normal(width, 3, PATCH, PATCH, scale=0.05), "patch_embed.proj.bias": normal(width),
        "rope_embed.periods": np.float64(periods),
        "norm.weight": normal(width, mean=1), "norm.bias": normal(width),
    }
    for index in range(depth):
        products = {"attn.qkv": (3 * width, width), "attn.proj": (width, width)}
        products |= ({"mlp.w1": (hidden, width), "mlp.w2": (hidden, width), "mlp.w3": (width, hidden)} if gated
                     else {"mlp.fc1": (hidden, width), "mlp.fc2": (width, hidden)})
        for name, (outputs, inputs) in products.items():
            w[f"blocks.{index}.{name}.weight"] = normal(outputs, inputs, scale=1 / math.sqrt(inputs))
            w[f"blocks.{index}.{name}.bias"] = normal(outputs)
        mask = np.repeat([1.0, 0.0, 1.0], width) if has_bias else np.zeros(3 * width)
        w[f"blocks.{index}.attn.qkv.bias_mask"] = mask
        for name in ("norm1", "norm2"):
            w[f"blocks.{index}.{name}.weight"] = normal(width, mean=1)
            w[f"blocks.{index}.{name}.bias"] = normal(width)
        for name in ("ls1", "ls2"):
            w[f"blocks.{index}.{name}.gamma"] = normal(width, mean=0.5)
    return w


def hugging_face(w, has_bias):
    """q, k and v apart, k without a bias; no periods."""
    renamed = {
        "cls_token": "embeddings.cls_token", "storage_tokens": "embeddings.register_tokens",
        "patch_embed.proj": "embeddings.patch_embeddings", "attn.proj": "attention.o_proj",
        "ls1.gamma": "layer_scale1.lambda1", "ls2.gamma": "layer_scale2.lambda1", "mlp.fc1": "mlp.up_proj",
        "mlp.fc2": "mlp.down_proj", "mlp.w1": "mlp.gate_proj", "mlp.w2": "mlp.up_proj", "mlp.w3": "mlp.down_proj",
        "blocks.": "layer.",
    }
    out = {"embeddings.mask_token": w["mask_token"][None]}
    for name, value in w.items():
        if "attn.qkv" in name:
            if name.endswith("bias_mask"):
                continue
            for part, share in zip("qkv", np.split(value, 3)):
                if name.endswith("weight") or part != "k":
                    masked = share if name.endswith("weight") or has_bias else share * 0
                    out[name.replace("blocks.", "layer.").replace("attn.qkv", f"attention.{part}_proj")] = masked
        elif name not in ("rope_embed.periods", "mask_token"):
            for old, new in renamed.items():
                name = name.replace(old, new)
            out[name] = value
    return out


def timm(w, has_bias):
    """Biases of q and v by names of their own, or none; no periods, no mask token."""
    renamed = {"storage_tokens": "reg_token", "ls1.gamma": "gamma_1", "ls2.gamma": "gamma_2", "mlp.w1": "mlp.fc1_g",
               "mlp.w2": "mlp.fc1_x", "mlp.w3": "mlp.fc2"}
    out = {}
    for name, value in w.items():
        if name.endswith("attn.qkv.bias"):
            if has_bias:
                q, _, v = np.split(value, 3)
                out |= {name.replace("qkv.bias", "q_bias"): q, name.replace("qkv.bias", "v_bias"): v}
        elif not name.endswith("bias_mask") and name not in ("rope_embed.periods", "mask_token"):
            for old, new in renamed.items():
                name = name.replace(old, new)
            out[name] = value
    return out


# name: width, heads, hidden, gated, image width and height, biases of q and v, periods in bfloat16, namings
NETWORKS = {
    "dinov3_native": (32, 2, 96, False, 112, 112, True, False, True),
    "dinov3_wide": (48, 3, 64, False, 128, 48, False, False, True),
    "dinov3_swiglu": (32, 4, 72, True, 64, 64, True, False, True),
    "dinov3_quirks": (32, 1, 64, False, 96, 96, True, True, False),
}
for order, (name, network) in enumerate(NETWORKS.items()):
    width, heads, hidden, gated, across, down, has_bias, half_periods, has_namings = network
    random = np.random.default_rng([SEED, order])
    depth = 4
    w = random_weights(random, width, heads, depth, hidden, gated, has_bias, half_periods)
    image = np.float64(np.float32(random.normal(0, 1, (3, down, across))))
    metadata = {
        "family": "dinov3", "patch": str(PATCH), "width": str(width), "depth": str(depth), "heads": str(heads),
        "ffn": "swiglu" if gated else "mlp", "ffn_hidden": str(hidden), "activation": "silu" if gated else "gelu",
        "storage_tokens": str(STORAGE), "rope_base": "100", "image_size": f"{across}x{down}",
        "feature_layers": ",".join(map(str, LAYERS)),
    }
    expected = {"input": image[None], **forward(w, image, heads, depth, gated)}
    write_safetensors(FOLDER / f"{name}.expected.safetensors", expected, metadata)
    tensors = {key: torch.tensor(value, dtype=torch.float32) for key, value in w.items()}
    if half_periods:
        tensors["rope_embed.periods"] = tensors["rope_embed.periods"].bfloat16()
        for part in ("weight", "bias"):
            tensors[f"local_cls_norm.{part}"] = torch.randn(width)
    torch.save(tensors, FOLDER / f"{name}.weights.facebook.pth")
    if has_namings:
        for naming, named in (("facebook", w), ("hf", hugging_face(w, has_bias)), ("timm", timm(w, has_bias))):
            write_safetensors(FOLDER / f"{name}.weights.{naming}.safetensors", named, metadata)
