// How a command can end: exit codes for scripts, and one line on stderr for people.
import { toFailure, type FailureCode } from '../contract/index.js';

export const exitCode = {
  ok: 0,
  bug: 1,
  usage: 2,
  document: 3,
  model: 4,
  contextFull: 5,
  engineDied: 6,
  cancelled: 130,
} as const;

export const exitCodeHelp = `
Exit codes: 0 ok, 1 a bug in Longleaf, 2 wrong usage, 3 a document cannot be read, 4 the model cannot be
used, 5 the documents do not fit into the context, 6 the model's process ended, 130 cancelled (Ctrl-C).`;

const codes: Record<FailureCode, number> = {
  bad_model: exitCode.model,
  unsupported_model: exitCode.model,
  no_memory: exitCode.model,
  template_failed: exitCode.model,
  no_model: exitCode.model,
  context_full: exitCode.contextFull,
  bad_request: exitCode.usage,
  device_lost: exitCode.engineDied,
  engine_died: exitCode.engineDied,
  internal: exitCode.bug,
  document_unsupported: exitCode.document,
  document_damaged: exitCode.document,
  document_encrypted: exitCode.document,
  document_no_text: exitCode.document,
  document_too_large: exitCode.document,
  document_too_slow: exitCode.document,
  not_found: exitCode.document,
  busy: exitCode.bug,
  storage: exitCode.bug,
  unreachable: exitCode.bug,
};

/** Hints of the services speak of the window; on the command line these say what helps here. */
const hints: Partial<Record<FailureCode, string>> = {
  engine_died: 'Try a smaller model, --context with a smaller number, or --kv q8_0.',
  internal: 'This is a bug in Longleaf.',
};

export function describeFailure(error: unknown): { line: string; code: number } {
  const failure = toFailure(error);
  const hint = hints[failure.code] ?? failure.hint;
  const words = [failure.message, hint].filter(Boolean).map((each) => String(each).trim());
  const line = words.map((each) => (/[.!?…]$/.test(each) ? each : `${each}.`)).join(' ');
  return { line: `longleaf: ${line.replace(/\s+/g, ' ')}`, code: codes[failure.code] };
}

/** Thrown when the user pressed Ctrl-C: an outcome, not a failure. */
export class Cancelled extends Error {}

/** The result of `work`, or Cancelled as soon as the signal aborts. */
export async function unlessCancelled<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) throw new Cancelled();
  return new Promise<T>((resolve, reject) => {
    const cancel = () => reject(new Cancelled());
    signal.addEventListener('abort', cancel, { once: true });
    work
      .then(resolve, (error: unknown) => reject(signal.aborted ? new Cancelled() : error))
      .finally(() => signal.removeEventListener('abort', cancel));
  });
}
