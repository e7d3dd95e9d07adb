// What to tell the user about an exception inside a parser.
import { FailureError, type Failure } from '../../contract/index.js';
import { cannotOpen } from '../documents/import.js';

export function failureOf(error: unknown, fileName: string): Failure {
  if (error instanceof FailureError) return error.failure;
  if (typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string') {
    return cannotOpen(fileName, error).failure;
  }
  // "Invalid string length", "Array buffer allocation failed"
  if (error instanceof RangeError && /length|alloc/i.test(error.message)) {
    return {
      code: 'document_too_large',
      message: `“${fileName}” needs more memory to open than Longleaf gives one document.`,
      hint: 'Split it into several documents, or save it as plain text.',
    };
  }
  return {
    code: 'document_damaged',
    message: `“${fileName}” could not be read: something in it is not as its format demands.`,
    hint: 'The file may be damaged. Open it in its own program and save it anew.',
  };
}
