// Reading and answering speed of the engine, and the memory it takes, each length in a process of its own:
//
//   node test/bench/read.mjs --model models/longleaf-mini.gguf --tokens 2048,8192,16384
//   node test/bench/read.mjs --tokens 16384 --tau 0.05 --layers 2,3,4,5
//
// The text is test/fixtures/novel.txt, repeated when it is too short.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: here('../../models/longleaf-mini.gguf') },
    tokens: { type: 'string', default: '2048,8192,16384' },
    threads: { type: 'string', default: '0' },
    kv: { type: 'string', default: 'f16' },
    simd: { type: 'string', default: 'auto' },
    device: { type: 'string', default: 'cpu' },
    decode: { type: 'string', default: '64' },
    tau: { type: 'string', default: '0' },
    layers: { type: 'string', default: '' },
    window: { type: 'string', default: '128' },
    'min-tokens': { type: 'string', default: '1024' },
    text: { type: 'string', default: here('../fixtures/novel.txt') },
    one: { type: 'boolean', default: false },
  },
});

function peakBytes() {
  return process.resourceUsage().maxRSS * 1024;
}

async function measure(length) {
  const addon = createRequire(import.meta.url)(here('../../native/build/Release/longleaf.node'));
  const decode = Number(values.decode);
  const engine = await addon.load({
    path: values.model,
    threads: Number(values.threads),
    kvType: values.kv,
    simd: values.simd,
    device: values.device,
    contextTokens: length + decode + 1,
  });
  const book = await engine.tokenize([{ text: readFileSync(values.text, 'utf8'), special: false }]);
  const tokens = Int32Array.from({ length }, (_, i) => book[i % book.length]);
  const layers = values.layers === '' ? [] : values.layers.split(',').map(Number);
  const sparsity = {
    tau: Number(values.tau),
    layers,
    window: Number(values.window),
    minTokens: Number(values['min-tokens']),
    pool: 7,
  };
  const session = engine.openSession();
  const read = await session.read(tokens, sparsity, () => undefined);
  // Sampled hot, so that the end token is unlikely to cut the measurement short.
  let count = 0;
  let seconds = 0;
  for (let tries = 0; count < decode && tries < 20; tries++) {
    const sampling = { temperature: 2, seed: tries };
    const result = await session.generate({ maxTokens: decode - count, sampling }, () => undefined);
    count += result.tokens;
    seconds += result.seconds;
  }
  const kept = read.keptFraction.reduce((a, b) => a + b, 0) / read.keptFraction.length;
  const row = {
    tokens: length,
    read: length / read.seconds,
    decode: count / seconds,
    kept,
    peak: peakBytes(),
    device: engine.device,
  };
  await engine.close();
  return row;
}

if (values.one) {
  process.stdout.write(JSON.stringify(await measure(Number(values.tokens))));
} else {
  console.log('tokens  read tok/s  decode tok/s  kept  peak MB');
  let device = '';
  for (const length of values.tokens.split(',')) {
    const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--tokens', length];
    const run = spawnSync(process.execPath, [...args, '--one'], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    const row = JSON.parse(run.stdout);
    device = row.device;
    console.log(
      [
        String(row.tokens).padStart(6),
        row.read.toFixed(0).padStart(10),
        row.decode.toFixed(1).padStart(12),
        row.kept.toFixed(2).padStart(4),
        (row.peak / 1e6).toFixed(0).padStart(7),
      ].join('  '),
    );
  }
  console.log(device);
}
