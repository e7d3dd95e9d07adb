// The command line as a process: exit codes, one-line errors, the JSON of each command, streams and Ctrl-C.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SparsityProfile } from '../../../main/contract/index.js';
import { ConversationStore } from '../../../main/services/library/conversations.js';
import { openLibrary } from '../../../main/services/library/open.js';
import { lockDataFolder } from '../../../main/shell/data-lock.js';
import { writePdf } from '../../fixtures/documents/pdf-writer.js';
import { sampleFile } from '../../fixtures/documents/samples.js';

const source = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const built = source('dist/test-cli');
const folder = mkdtempSync(join(tmpdir(), 'longleaf-cli-'));
const modelsFolder = join(folder, 'models');

beforeAll(async () => {
  await build({
    entryPoints: {
      cli: source('main/cli/main.ts'),
      parser: source('main/services/parser/main.ts'),
      engine: source('test/main/cli/fake-engine.ts'),
    },
    outdir: built,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  mkdirSync(modelsFolder);
  const models = [
    {
      file: 'mini.gguf',
      title: 'Mini',
      summary: 'Small.',
      limits: 'Very.',
      promptStyle: 'document',
    },
  ];
  writeFileSync(join(modelsFolder, 'catalog.json'), JSON.stringify({ version: 1, models }));
  writeFileSync(join(modelsFolder, 'mini.gguf'), 'pretence');
});

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  input?: string | Buffer;
  models?: string;
  /** Sends Ctrl-C when this appears on stderr. */
  interruptAt?: string;
}

function longleaf(args: string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [join(built, 'cli.js'), ...args], {
    env: {
      PATH: process.env.PATH,
      LONGLEAF_MODELS: options.models ?? modelsFolder,
      LONGLEAF_DATA: join(folder, 'data'),
    },
  });
  const run: Run = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (run.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    run.stderr += data.toString();
    if (options.interruptAt && run.stderr.includes(options.interruptAt)) child.kill('SIGINT');
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...run, code })));
}

const story = 'The ferry left at dawn.\n\nThe access code of the gilded ferry is 48213.\n';
const storyFile = () => sampleFile('story.txt', story);

/** The error line of a failed run; checks that there is only one, after any progress. */
function errorOf({ stderr, stdout }: Run): string {
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n');
  const errors = lines.filter((line) => line.startsWith('longleaf: '));
  expect(errors).toHaveLength(1);
  expect(lines.at(-1)).toBe(errors[0]);
  return errors[0] ?? '';
}

describe('ask', () => {
  test('streams the answer to stdout, everything else to stderr', async () => {
    const run = await longleaf(['ask', storyFile(), '--question', 'Say: It is 48213.']);
    expect(run).toMatchObject({ code: 0, stdout: 'It is 48213.\n' });
    expect(run.stderr).toContain('Read ');
  });

  test('--quiet says nothing else', async () => {
    const run = await longleaf(['ask', storyFile(), '-q', 'Say: 48213.', '--quiet']);
    expect(run).toEqual({ code: 0, stdout: '48213.\n', stderr: '' });
  });

  test('--json gives answer, evidence, timings, tokens, kept fractions, level and model', async () => {
    const file = sampleFile(
      'story.pdf',
      writePdf([['Nothing here.'], [story.split('\n')[2] ?? '']]),
    );
    const question = 'Say: It says “the access code of the gilded ferry is 48213”.';
    const run = await longleaf(['ask', file, '-q', question, '--json', '--level', '40']);
    expect(run.code).toBe(0);
    const result = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(result).toMatchObject({
      answer: 'It says “the access code of the gilded ferry is 48213”.',
      evidence: [
        {
          document: file,
          kind: 'quoted',
          anchor: 'Page 2',
          start: 15,
          end: 59,
          quote: 'The access code of the gilded ferry is 48213',
        },
      ],
      reason: 'stop',
      level: 40,
      model: join(modelsFolder, 'mini.gguf'),
      keptFraction: [1, 0.5],
      warnings: [],
    });
    expect(result.tokens).toEqual({ prompt: 33, read: 33, answer: 11 });
    const timings = result.timings as Record<string, number>;
    expect(Object.values(timings).every((each) => typeof each === 'number' && each >= 0)).toBe(
      true,
    );
    expect(timings.readTokensPerSecond).toBeCloseTo(82.5);
    expect(timings.firstTokenSeconds).toBeCloseTo(timings.readSeconds! + 0.01);
  });

  test('several files and standard input are one prompt', async () => {
    const args = ['ask', storyFile(), '-', '-q', 'Say: 48213.', '--json'];
    const run = await longleaf(args, { input: 'Seven more words come in by pipe.' });
    expect(JSON.parse(run.stdout)).toMatchObject({ tokens: { prompt: 14 + 7 + 2 + 10 } });
  });

  test('an answer cut by --max-tokens says so', async () => {
    const args = ['ask', storyFile(), '-q', 'Say: one two three four', '--max-tokens', '2'];
    const run = await longleaf(args);
    expect(run.stdout).toBe('one two \n');
    expect(run.stderr).toContain('--max-tokens');
  });
});

describe('failures', () => {
  const ask = (...args: string[]) => longleaf(['ask', ...args, '-q', 'Say: yes']);

  test('2: wrong usage', async () => {
    const wrong = [
      ['ask'],
      ['ask', storyFile()],
      ['ask', storyFile(), '-q', ' '],
      ['ask', storyFile(), '-q', 'x', '--level', '101'],
      ['ask', storyFile(), '-q', 'x', '--kv', 'q3'],
      ['ask', '-', '-', '-q', 'x'],
      ['bench', '--tokens', '2048,many'],
      ['sing'],
    ];
    for (const args of wrong) {
      const run = await longleaf(args);
      expect([args, run.code]).toEqual([args, 2]);
      errorOf(run);
    }
  });

  test('3: documents', async () => {
    const missing = await ask(join(folder, 'missing.pdf'));
    expect(missing.code).toBe(3);
    expect(errorOf(missing)).toContain('“missing.pdf” cannot be found.');
    const scan = await ask(sampleFile('scan.pdf', writePdf([[]])));
    expect(scan.code).toBe(3);
    expect(errorOf(scan)).toContain('OCR');
  });

  test('4: models', async () => {
    const none = await longleaf(['ask', storyFile(), '-q', 'x'], { models: join(folder, 'none') });
    expect(none.code).toBe(4);
    const missing = await ask(storyFile(), '--model', join(folder, 'missing.gguf'));
    expect(missing.code).toBe(4);
    expect(errorOf(missing)).toContain('missing.gguf');
    const broken = join(folder, 'broken.gguf');
    writeFileSync(broken, 'x');
    const bad = await ask(storyFile(), '--model', broken);
    expect(bad.code).toBe(4);
    expect(errorOf(bad)).toBe(
      'longleaf: broken.gguf is cut short: tensor 3 ends after the file does. Download it again.',
    );
  });

  test('5: what does not fit is told in numbers', async () => {
    const run = await ask(sampleFile('long.txt', 'word '.repeat(5000)));
    expect(run.code).toBe(5);
    expect(errorOf(run)).toBe(
      'longleaf: The context holds 4,000 tokens, and this needs 5,524: documents 5,000, question and prompt ' +
        'form 12 and 512 for the answer. Nothing was cut. Documents of 3,476 tokens would fit. A context of up ' +
        'to 8,000 tokens would fit into memory (--context).',
    );
  });

  test('6: the engine died', async () => {
    const run = await longleaf(['ask', storyFile(), '-q', 'Please die']);
    expect(run.code).toBe(6);
    expect(errorOf(run)).toContain('code 9');
  });

  test('130: Ctrl-C while reading', async () => {
    const run = await longleaf(['ask', storyFile(), '-q', 'Read slowly'], {
      interruptAt: 'Reading:',
    });
    expect(run.code).toBe(130);
    expect(run.stderr).toContain('longleaf: Cancelled.');
  });
});

test('read tells tokens, time and what was kept', async () => {
  const file = storyFile();
  const run = await longleaf(['read', file, '--level', '50']);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('14 tokens');
  expect(run.stdout).toContain('by layer: 100 %, 50 %');
  const json = JSON.parse((await longleaf(['read', file, '--json'])).stdout) as object;
  expect(json).toMatchObject({ documents: [{ document: file, tokens: 14, kind: 'text' }] });
});

test('models lists facts', async () => {
  const run = await longleaf(['models']);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('Mini (bundled)');
  expect(run.stdout).toContain('28 million parameters');
  const [card] = JSON.parse((await longleaf(['models', '--json'])).stdout) as object[];
  expect(card).toMatchObject({ bundled: true, title: 'Mini', info: { layers: 2 } });
});

test('bench measures the lengths that fit', async () => {
  const run = await longleaf(['bench', '--tokens', '512,1024,90000', '--json']);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('90,000 tokens do not fit');
  const { results } = JSON.parse(run.stdout) as { results: { readTokens: number }[] };
  expect(results.map(({ readTokens }) => Math.round(readTokens / 100))).toEqual([5, 10]);
  expect((await longleaf(['bench', '--tokens', '512'])).stdout).toContain('peak memory');
  expect((await longleaf(['bench', '--tokens', '90000'])).code).toBe(5);
});

test('calibrate measures every level, keeps a profile, and later commands go by it', async () => {
  const dry = await longleaf(['calibrate', '--tokens', '600', '--facts', '4', '--dry-run']);
  expect(dry.code).toBe(0);
  expect(dry.stdout).toContain('not kept');
  const unmeasured = (await longleaf(['models'])).stdout;
  expect(unmeasured).toContain('not measured');

  const run = await longleaf(['calibrate', '--tokens', '600', '--facts', '4', '--json']);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('Level 75, layers 1: 0 of 4 facts');
  const { file, profile } = JSON.parse(run.stdout) as { file: string; profile: SparsityProfile };
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(profile);
  expect(profile).toMatchObject({ layers: [1], defaultLevel: 50 });
  expect(profile.calibration).toMatchObject({ drift: [2, 1], delta: 0.5, device: 'pretence' });
  expect(profile.calibration?.tried.map(({ by }) => by)).toEqual(['drift', 'blocks']);
  expect(profile.calibration?.tokens).toBeLessThanOrEqual(600);
  expect(profile.calibration?.levels.map(({ level, found }) => [level, found])).toEqual([
    [0, 4],
    [25, 4],
    [50, 4],
    [75, 0],
    [100, 0],
  ]);
  const models = (await longleaf(['models'])).stdout;
  expect(models).toContain('level 50 by default; profile measured on this model');
});

test('calibrate tries the layers of the profile, too; what does not fit is said', async () => {
  const args = ['calibrate', storyFile(), '--facts', '2', '--delta', '0', '--dry-run', '--json'];
  const { profile } = JSON.parse((await longleaf(args)).stdout) as { profile: SparsityProfile };
  const tried = profile.calibration?.tried.map(({ by, layers }) => [by, layers]);
  expect(tried).toEqual([
    ['profile', [1]],
    ['blocks', [0]],
  ]);
  const crowded = await longleaf(['calibrate', '--tokens', '512', '--facts', '320']);
  expect(crowded.code).not.toBe(0);
  expect(errorOf(crowded)).toContain('do not fit');
});

test('backup and restore carry a library from one place to another', async () => {
  const data = join(folder, 'data');
  const zip = join(folder, 'library.zip');
  const none = await longleaf(['backup', zip]);
  expect(errorOf(none)).toContain('no library');
  const titles = () => {
    const { db } = openLibrary(data);
    const found = new ConversationStore(db).list().map(({ title }) => title);
    db.close();
    return found;
  };
  const { db } = openLibrary(data);
  const store = new ConversationStore(db);
  const { id } = store.create('About ferries', []);
  db.close();
  const made = await longleaf(['backup', zip]);
  expect(made).toMatchObject({ code: 0 });
  expect(made.stdout).toContain('0 documents, 1 conversations');
  expect(errorOf(await longleaf(['backup', zip]))).toContain('already');

  const later = openLibrary(data).db;
  new ConversationStore(later).rename(id, 'Changed since');
  later.close();
  const looked = await longleaf(['restore', zip]);
  expect(looked).toMatchObject({ code: 0 });
  expect(looked.stdout).toContain('Nothing was changed.');
  expect(titles()).toEqual(['Changed since']);
  const restored = await longleaf(['restore', zip, '--yes', '--json']);
  expect(restored.code).toBe(0);
  const { aside } = JSON.parse(restored.stdout) as { aside: string };
  expect(titles()).toEqual(['About ferries']);
  const old = openLibrary(aside).db;
  expect(new ConversationStore(old).get(id).title).toBe('Changed since');
  old.close();

  const nonsense = await longleaf(['restore', storyFile(), '--yes']);
  expect(nonsense.code).not.toBe(0);
  expect(errorOf(nonsense)).toContain('It is no backup of Longleaf');
  const lock = lockDataFolder(data);
  expect(errorOf(await longleaf(['restore', zip, '--yes']))).toContain('already running');
  lock.release();
});

test('--help documents the exit codes', async () => {
  for (const args of [['--help'], ['ask', '--help']]) {
    const run = await longleaf(args);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('130 cancelled');
  }
});
