// The evaluation itself, with the bundled model on a document short enough for every run of the tests.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Results {
  cells: { configuration: string; accuracy: { mean: number } }[];
}

test('npm run eval asks, scores and writes its tables', () => {
  const out = mkdtempSync(join(tmpdir(), 'longleaf-eval-'));
  try {
    const wanted =
      '--tokens 1024 --documents 1 --tasks single --levels 25 --device cpu --threads 2';
    const script = join(root, 'test/eval/run.mjs');
    execFileSync(process.execPath, [script, ...wanted.split(' '), '--out', out], {
      stdio: 'ignore',
    });
    const rows = readFileSync(join(out, 'rows.jsonl'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(2 * 2 * 4); // levels, orders, items
    const { cells } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results;
    const exact = cells.filter(({ configuration }) => configuration === 'exact');
    expect(exact.length).toBeGreaterThan(0);
    for (const cell of exact) expect(cell.accuracy.mean).toBeGreaterThanOrEqual(0.75);
    expect(readFileSync(join(out, 'results.html'), 'utf8')).toContain('level 25');
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
