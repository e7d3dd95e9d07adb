import { describe, expect, test } from 'vitest';
import { failureCodes } from '../../../main/contract/index.js';
import { actionFor } from '../../../renderer/chat/failure-actions.js';
import { words } from '../../../renderer/strings/index.js';

describe.each(failureCodes)('%s', (code) => {
  const action = actionFor(code);
  test('has an action with words on its button, or none', () => {
    if (action === 'none') expect(code).toMatch(/^document_/);
    else expect(words.chat.failure[action]).toMatch(/^[A-Z]/);
  });
});

test.each([
  ['engine_died', 'retry'],
  ['no_memory', 'settings'],
  ['context_full', 'documents'],
  ['bad_model', 'models'],
  ['unreachable', 'reload'],
  ['not_found', 'new-conversation'],
  ['document_no_text', 'none'],
] as const)('after %s the window offers: %s', (code, action) => {
  expect(actionFor(code)).toBe(action);
});

test('an unknown code is a bug, not a shrug', () => {
  expect(() => actionFor('new_code' as never)).toThrow('Unexpected value');
});
