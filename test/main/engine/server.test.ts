// The engine process's server over an addon made up for the purpose.
import { expect, test } from 'vitest';
import type { EngineEvent, Prompt } from '../../../main/contract/index.js';
import { EngineServer } from '../../../main/engine/server.js';
import { paperProfile } from '../../../main/services/sparsity-profiles.js';
import type { Addon, NativeEngine } from '../../../native/addon/index.js';

const lost = Object.assign(
  new Error('The GPU failed (running on the GPU: unspecified launch failure.)'),
  {
    code: 'device_lost',
    hint: 'The engine must be restarted.',
  },
);

const prompt: Prompt = {
  style: 'document',
  documents: [{ id: 'a', title: 'A', text: 'Some words.' }],
  turns: [],
};

function engineWith(memoryNote: string): NativeEngine {
  const session = {
    read: () => Promise.reject(lost),
    cancel: () => undefined,
    close: () => undefined,
  };
  return {
    info: { layers: 2, chatTemplate: '', bosToken: '', eosToken: '', addBos: false },
    memory: { fits: true, note: memoryNote },
    device: 'made up',
    tokenize: () => Promise.resolve(Int32Array.of(1, 2, 3)),
    openSession: () => session,
    close: () => Promise.resolve(),
  } as unknown as NativeEngine;
}

function serverOver(engine: NativeEngine) {
  const happened: (EngineEvent | 'lost')[] = [];
  const addon = { load: () => Promise.resolve(engine) } as unknown as Addon;
  const server = new EngineServer(
    addon,
    (event) => happened.push(event),
    () => happened.push('lost'),
  );
  const options = { path: 'x', threads: 0, kvType: 'f16' as const, contextTokens: 0 };
  return { happened, server, load: () => server.serve({ type: 'load', id: '1', options }) };
}

test('a lost device fails the request, then ends the process', async () => {
  const { happened, server, load } = serverOver(engineWith(''));
  await load();
  await server.serve({ type: 'read', id: '2', prompt, level: 0, profile: paperProfile(2) });
  expect(happened.slice(-2)).toMatchObject([
    { type: 'failed', id: '2', failure: { code: 'device_lost', message: lost.message } },
    'lost',
  ]);
});

test('a pass stopped while its text becomes tokens never begins', async () => {
  let tokenised: (tokens: Int32Array) => void = () => undefined;
  const engine = engineWith('');
  engine.tokenize = () => new Promise((resolve) => (tokenised = resolve));
  const { happened, server, load } = serverOver(engine);
  await load();
  const request = { id: '2', text: 'Some words.', mostTokens: 3, delta: 0.5 };
  const drifting = server.serve({ type: 'drift', ...request });
  await new Promise(setImmediate);
  await server.serve({ type: 'cancel', id: '2' });
  tokenised(Int32Array.of(1, 2, 3));
  await drifting;
  expect(happened.at(-1)).toMatchObject({ type: 'drifted', cancelled: true, tokens: 0, drift: [] });
});

test('what the memory plan has to say reaches people', async () => {
  const why = 'The model runs on the CPU: the GPU has 2.0 GB to give.';
  const { happened, load } = serverOver(engineWith(why));
  await load();
  const loaded = happened.find((event) => event !== 'lost' && event.type === 'loaded');
  expect(loaded).toMatchObject({ note: expect.stringContaining(why) as string });
});
