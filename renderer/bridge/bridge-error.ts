// What a call to the app rejects with: an Error that carries the Failure of the contract.
import type { Failure } from '../../main/contract/index.js';

export class BridgeError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'BridgeError';
    this.failure = failure;
  }
}

/** The Failure inside anything a bridge or the window itself threw. */
export function failureOf(error: unknown): Failure {
  const failure = (error as { failure?: unknown } | null)?.failure;
  if (isFailure(failure)) return failure;
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

export function isFailure(value: unknown): value is Failure {
  const { code, message } = (value ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' && typeof message === 'string';
}

export const unreachable = (): BridgeError =>
  new BridgeError({
    code: 'unreachable',
    message: 'The window lost its connection to Longleaf.',
    hint: 'It connects again by itself. Your conversation is saved.',
  });
