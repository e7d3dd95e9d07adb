// The documents named on the command line, read by the same parser process the app uses. "-" is standard input.
import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FailureError, type ParsedDocument } from '../contract/index.js';
import { limited, parseFile } from '../services/documents/import.js';
import { percent } from './numbers.js';
import { unlessCancelled } from './outcome.js';
import type { Terminal } from './terminal.js';

export interface Input extends ParsedDocument {
  /** Unique in this run. */
  id: string;
  /** As it stood on the command line. */
  file: string;
}

export interface Inputs {
  documents: Input[];
  seconds: number;
}

export async function readInputs(terminal: Terminal, files: string[]): Promise<Inputs> {
  if (files.filter((file) => file === '-').length > 1) {
    throw new FailureError('bad_request', 'Standard input can be read only once.');
  }
  const begun = performance.now();
  const documents: Input[] = [];
  for (const [i, file] of files.entries()) {
    const parsed =
      file === '-'
        ? await parseStandardInput(terminal)
        : await parseOne(terminal, file, basename(file));
    for (const warning of parsed.warnings) terminal.progress.note(`${file}: ${warning}`);
    documents.push({ ...parsed, id: `document-${i + 1}`, file });
  }
  return { documents, seconds: (performance.now() - begun) / 1000 };
}

function parseOne(terminal: Terminal, path: string, fileName: string): Promise<ParsedDocument> {
  const { startWorker, signal, progress } = terminal;
  const onProgress = (fraction: number) =>
    progress.update(`Opening ${fileName}: ${percent(fraction)}`);
  return unlessCancelled(signal, parseFile({ path, fileName, startWorker, signal, onProgress }));
}

/** Through a file of its own: parsers read files, and the limits on them hold here too. */
async function parseStandardInput(terminal: Terminal): Promise<ParsedDocument> {
  const folder = await mkdtemp(join(tmpdir(), 'longleaf-'));
  try {
    const path = join(folder, 'input');
    terminal.progress.update('Reading standard input');
    await unlessCancelled(
      terminal.signal,
      pipeline(
        terminal.stdin,
        limited('standard input'),
        createWriteStream(path, { mode: 0o600 }),
        {
          signal: terminal.signal,
        },
      ),
    );
    return await parseOne(terminal, path, 'standard input');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
