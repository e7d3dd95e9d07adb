"""Random blocks of every quantised type and what the gguf package makes of them.

  pip install gguf numpy && python3 test/eval/oracle/quants.py test/fixtures/quants.txt

A line is a type's name, the block's bytes in hex and its values as the hex bits of 32-bit floats.
"""

import importlib.metadata
import sys

import gguf
import numpy as np

BLOCKS = {"Q4_0": 3, "Q4_1": 3, "Q5_0": 3, "Q5_1": 3, "Q8_0": 3, "IQ4_NL": 3, "MXFP4": 3,
          "Q2_K": 2, "Q3_K": 2, "Q4_K": 2, "Q5_K": 2, "Q6_K": 2, "IQ4_XS": 2}
# Where a block's halves are; anything may be in its other bytes.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "IQ4_NL": [0], "MXFP4": [],
          "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_XS": [0]}


def main(path):
    rng = np.random.default_rng(20261125)
    lines = [f"# by test/eval/oracle/quants.py, gguf {importlib.metadata.version('gguf')}"]
    for name, count in BLOCKS.items():
        kind = gguf.GGMLQuantizationType[name]
        size = gguf.GGML_QUANT_SIZES[kind][1]
        blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
        for at in HALVES[name]:
            halves = rng.normal(0, 0.05, count).astype("<f2")
            blocks[:, at:at + 2] = halves[:, None].view(np.uint8)
        if name == "MXFP4":
            blocks[:, 0] = [0, 1, 123][:count]  # two results below the least normal float, and a usual one
        values = gguf.quants.dequantize(blocks, kind).astype("<f4")
        for block, row in zip(blocks, values.reshape(count, -1)):
            lines.append(f"{name} {block.tobytes().hex()} {row.view('<u4').byteswap().tobytes().hex()}")
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


main(sys.argv[1])
