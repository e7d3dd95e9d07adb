// Everything thrown inside services, as the failure the window is told.
import Database from 'better-sqlite3';
import { FailureError, toFailure, type Failure } from '../contract/index.js';

export function failureOf(error: unknown): Failure {
  if (error instanceof Database.SqliteError) {
    return {
      code: 'storage',
      message: `The library could not be read or written: ${error.message}.`,
      hint:
        error.code === 'SQLITE_FULL'
          ? 'Free some disk space and try again.'
          : 'Check that the disk has room and that no other program holds the library, then try again.',
    };
  }
  return toFailure(error);
}

export function failureError(error: unknown): FailureError {
  if (error instanceof FailureError) return error;
  const { code, message, hint } = failureOf(error);
  return new FailureError(code, message, hint);
}
