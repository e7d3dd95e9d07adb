// Which useful thing to offer after each kind of failure. Exhaustive: a new code does not compile until it has
// an answer here.
import type { FailureCode } from '../../main/contract/index.js';
import { assertNever } from '../ui/assert-never.js';

export type FailureAction =
  'retry' | 'settings' | 'documents' | 'models' | 'reload' | 'new-conversation' | 'none';

export function actionFor(code: FailureCode): FailureAction {
  switch (code) {
    case 'engine_died':
    case 'device_lost':
    case 'internal':
    case 'busy':
    case 'storage':
      return 'retry';
    case 'no_memory':
    case 'bad_request':
      return 'settings';
    case 'context_full':
      return 'documents';
    case 'bad_model':
    case 'unsupported_model':
    case 'template_failed':
    case 'no_model':
      return 'models';
    case 'unreachable':
      return 'reload';
    case 'not_found':
      return 'new-conversation';
    case 'document_unsupported':
    case 'document_damaged':
    case 'document_encrypted':
    case 'document_no_text':
    case 'document_too_large':
    case 'document_too_slow':
      return 'none';
    default:
      return assertNever(code);
  }
}
