// The one union of failure codes. Every boundary reports failures in this shape; the renderer switches over
// the codes exhaustively. Cancelling is an outcome, not a failure.
import { z } from 'zod';

/** Codes that can come from the native engine; a test compares them with the addon's own list. */
export const nativeFailureCodes = [
  'bad_model',
  'unsupported_model',
  'no_memory',
  'context_full',
  'bad_request',
  'device_lost',
  'storage', // a file or the library could not be written or read
  'internal',
] as const;

export const failureCodes = [
  ...nativeFailureCodes,
  'engine_died', // the engine process ended; main restarts it
  'template_failed', // the model's chat template cannot be rendered
  'no_model', // no model is chosen, or its file is gone
  'document_unsupported', // not a format Longleaf reads, or binary data under a text name
  'document_damaged', // the right format, but broken
  'document_encrypted',
  'document_no_text', // a scan: pages without text
  'document_too_large',
  'document_too_slow', // the parser ran out of its time
  'not_found', // no such document, conversation or turn
  'busy', // one answer at a time
  'unreachable', // the window lost its connection to the app
] as const;

export const failureCode = z.enum(failureCodes);
export type FailureCode = z.infer<typeof failureCode>;

export const failure = z.object({
  code: failureCode,
  /** What happened and why, one or two sentences for people. */
  message: z.string(),
  /** What the user can do about it; absent when there is nothing. */
  hint: z.string().optional(),
});
export type Failure = z.infer<typeof failure>;

/** A Failure that travels as an exception inside one process. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(code: FailureCode, message: string, hint?: string) {
    super(message);
    this.name = 'FailureError';
    this.failure = hint === undefined ? { code, message } : { code, message, hint };
  }
}

/** The Failure inside anything thrown. Unknown errors become `internal` and keep their message. */
export function toFailure(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const parsed = failure.safeParse(
    typeof error === 'object' && error !== null
      ? {
          code: (error as { code?: unknown }).code,
          message: (error as { message?: unknown }).message,
          hint: (error as { hint?: unknown }).hint || undefined,
        }
      : {},
  );
  if (parsed.success) return parsed.data;
  return {
    code: 'internal',
    message: error instanceof Error ? error.message : String(error),
    hint: 'This is a bug in Longleaf. Your conversation is saved.',
  };
}
