// How a scripted import goes, by the file's name: "scan", "locked" and "slow" fail as such files do, "waiting"
// stops half way until it is cancelled; anything else arrives after a second.
import type { AppEvent, DocumentSummary, Failure } from '../../main/contract/index.js';
import { BridgeError } from './bridge-error.js';
import * as data from './fake-data.js';

const failures: Record<string, Failure> = {
  scan: {
    code: 'document_no_text',
    message: 'None of the 14 pages has text: this is probably a scan.',
    hint: 'Run it through text recognition (OCR) first, then add the result.',
  },
  locked: {
    code: 'document_encrypted',
    message: 'This PDF is protected with a password.',
    hint: 'Save a copy without the password, then add that.',
  },
  slow: {
    code: 'document_too_slow',
    message: 'Taking the text out of this file took longer than two minutes.',
  },
};

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export async function fakeImport(
  fileName: string,
  importId: string,
  emit: (event: AppEvent) => void,
): Promise<DocumentSummary> {
  const steps = 20;
  const stuck = fileName.includes('waiting');
  for (let step = 0; step <= steps; step += 1) {
    const stage = step < 4 ? 'copying' : 'parsing';
    const progress = { importId, fileName, stage, fraction: step / steps } as const;
    emit({ type: 'importing', progress });
    await pause(stuck && step === 13 ? 600_000 : 50);
    const failure = failures[Object.keys(failures).find((key) => fileName.includes(key)) ?? ''];
    if (failure && step === 6) throw new BridgeError(failure);
  }
  const title = fileName.replace(/\.\w+$/, '').replaceAll('-', ' ');
  return { ...data.documents[0]!, id: importId, title, fileName, createdAt: Date.now() };
}
