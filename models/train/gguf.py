"""Owns the GGUF container: reading and writing version 3 files with F32 and Q8_0 tensors."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
F32, F16, Q8_0 = 0, 1, 8
U32, I32, FLOAT, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
SCALAR_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
BLOCK = 32
BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("quants", "i1", (BLOCK,))])


@dataclass
class Field:
    """One metadata value with the type it is stored as; element_type only for arrays."""

    kind: int
    value: Any
    element_kind: int = 0


@dataclass
class Tensor:
    """A tensor as stored: shape in numpy order (rows first), raw bytes of its type."""

    kind: int
    shape: tuple[int, ...]
    data: np.ndarray  # u8, flat

    def to_float(self) -> np.ndarray:
        if self.kind == F32:
            return self.data.view("<f4").reshape(self.shape).copy()
        if self.kind == F16:
            return self.data.view("<f2").astype(np.float32).reshape(self.shape)
        if self.kind == Q8_0:
            blocks = self.data.view(BLOCK_DTYPE)
            values = blocks["quants"].astype(np.float32) * blocks["scale"].astype(np.float32)[:, None]
            return values.reshape(self.shape)
        raise ValueError(f"tensor type {self.kind} is not one this recipe writes")


def float_tensor(values: np.ndarray) -> Tensor:
    data = np.ascontiguousarray(values, dtype="<f4").reshape(-1).view(np.uint8)
    return Tensor(F32, tuple(values.shape), data)


def quantised_tensor(values: np.ndarray) -> Tensor:
    """Q8_0: blocks of 32 along the row, scale = max|x| / 127 kept as f16."""
    blocks = np.ascontiguousarray(values, dtype=np.float32).reshape(-1, BLOCK)
    scale = (np.abs(blocks).max(axis=1) / 127.0).astype(np.float32)
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    out = np.empty(len(blocks), BLOCK_DTYPE)
    out["scale"] = scale.astype(np.float16)
    out["quants"] = np.clip(np.rint(blocks * inverse[:, None]), -127, 127).astype(np.int8)
    return Tensor(Q8_0, tuple(values.shape), out.view(np.uint8).reshape(-1))


@dataclass
class GgufFile:
    fields: dict[str, Field]
    tensors: dict[str, Tensor]

    def value(self, key: str) -> Any:
        return self.fields[key].value


class _Reader:
    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream

    def scalar(self, fmt: str) -> Any:
        return struct.unpack("<" + fmt, self.stream.read(struct.calcsize("<" + fmt)))[0]

    def text(self) -> str:
        return self.stream.read(self.scalar("Q")).decode("utf-8")

    def value(self, kind: int) -> Any:
        return self.text() if kind == STRING else self.scalar(SCALAR_FORMATS[kind])

    def field(self) -> Field:
        kind = self.scalar("I")
        if kind != ARRAY:
            return Field(kind, self.value(kind))
        element = self.scalar("I")
        count = self.scalar("Q")
        return Field(ARRAY, [self.value(element) for _ in range(count)], element)


def tensor_bytes(kind: int, shape: tuple[int, ...]) -> int:
    count = int(np.prod(shape))
    return {F32: count * 4, F16: count * 2, Q8_0: count // BLOCK * 34}[kind]


def read_gguf(path: Path) -> GgufFile:
    with open(path, "rb") as stream:
        reader = _Reader(stream)
        if stream.read(4) != MAGIC or reader.scalar("I") != VERSION:
            raise ValueError(f"{path} is not a GGUF version {VERSION} file")
        tensor_count, field_count = reader.scalar("q"), reader.scalar("q")
        fields = {reader.text(): reader.field() for _ in range(field_count)}
        infos = []
        for _ in range(tensor_count):
            name = reader.text()
            extents = [reader.scalar("q") for _ in range(reader.scalar("I"))]
            infos.append((name, tuple(reversed(extents)), reader.scalar("I"), reader.scalar("Q")))
        base = -(-stream.tell() // ALIGNMENT) * ALIGNMENT
        tensors = {}
        for name, shape, kind, offset in infos:
            stream.seek(base + offset)
            data = np.frombuffer(stream.read(tensor_bytes(kind, shape)), np.uint8)
            tensors[name] = Tensor(kind, shape, data)
    return GgufFile(fields, tensors)


def _packed_text(text: str) -> bytes:
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _packed(kind: int, value: Any) -> bytes:
    return _packed_text(value) if kind == STRING else struct.pack("<" + SCALAR_FORMATS[kind], value)


def _packed_field(field: Field) -> bytes:
    if field.kind != ARRAY:
        return struct.pack("<I", field.kind) + _packed(field.kind, field.value)
    head = struct.pack("<IIQ", ARRAY, field.element_kind, len(field.value))
    return head + b"".join(_packed(field.element_kind, item) for item in field.value)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % ALIGNMENT)


def write_gguf(path: Path, file: GgufFile) -> None:
    """Write fields and tensors in the order given, gap-free and 32-byte aligned."""
    head = bytearray(MAGIC + struct.pack("<Iqq", VERSION, len(file.tensors), len(file.fields)))
    for key, field in file.fields.items():
        head += _packed_text(key) + _packed_field(field)
    offset = 0
    for name, tensor in file.tensors.items():
        head += _packed_text(name) + struct.pack("<I", len(tensor.shape))
        head += b"".join(struct.pack("<q", extent) for extent in reversed(tensor.shape))
        head += struct.pack("<IQ", tensor.kind, offset)
        offset += len(tensor.data) + len(_padding(len(tensor.data)))
    with open(path, "wb") as stream:
        stream.write(head + _padding(len(head)))
        for tensor in file.tensors.values():
            stream.write(tensor.data.tobytes() + _padding(len(tensor.data)))
