import { describe, expect, test } from 'vitest';
import { findViolations, importsOf, judgeImport, judgeInclude } from './layers.mjs';

const judge = (path: string, name: string, typeOnly = false) =>
  judgeImport(path, { name, typeOnly });

test('the repository keeps its own rules', () => {
  expect(findViolations()).toEqual([]);
});

describe('imports are found', () => {
  test.each([
    ["import a from './a.js';", './a.js', false],
    ["import type { A } from './a.js';", './a.js', true],
    ["import { a,\n  b } from './a.js';", './a.js', false],
    ["import * as a from './a.js';", './a.js', false],
    ["import './a.css';", './a.css', false],
    ["export * from './a.js';", './a.js', false],
    ["const a = await import('./a.js');", './a.js', false],
    ["const a = require('./a.cjs');", './a.cjs', false],
  ])('%s', (text, name, typeOnly) => {
    expect(importsOf(text)).toEqual([{ name, typeOnly }]);
  });

  test('but not in comments', () => {
    expect(importsOf("// import a from './a.js';\n/* import './b.js' */")).toEqual([]);
  });
});

describe('imports that break the build', () => {
  test.each([
    ['main/contract/api.ts', '../services/types.js'],
    ['main/contract/api.ts', 'node:fs'],
    ['main/services/app.ts', 'electron'],
    ['main/services/app.ts', '../web/server.js'],
    ['main/services/app.ts', '../../test/main/stub.js'],
    ['main/services/app.ts', '../../native/build/Release/longleaf.node'],
    ['main/services/app.ts', '../../native/addon/index.js'],
    ['main/web/server.ts', '../app/window.js'],
    ['main/shell/outbox.ts', 'electron'],
    ['main/preload/main.ts', '../services/types.js'],
    ['main/preload/main.ts', 'node:fs'],
    ['renderer/main.ts', '../main/services/types.js'],
    ['renderer/main.ts', '../main/contract/index.js'],
    ['renderer/main.ts', 'node:path'],
    ['renderer/chat/Answer.svelte', 'electron'],
  ])('%s importing %s', (path, name) => {
    expect(judge(path, name)).toMatch(/.+/);
  });
});

describe('imports that are fine', () => {
  test.each([
    ['main/contract/api.ts', 'zod', false],
    ['main/services/app.ts', '../contract/index.js', false],
    ['main/web/main.ts', '../services/app.js', false],
    ['main/app/main.ts', 'electron', false],
    ['main/engine/addon.ts', '../../native/addon/index.js', true],
    ['renderer/main.ts', '../main/contract/index.js', true],
    ['renderer/main.ts', 'svelte', false],
    ['renderer/chat/answer.ts', '../ui/button.js', false],
  ])('%s importing %s', (path, name, typeOnly) => {
    expect(judge(path, name, typeOnly)).toBeNull();
  });
});

describe('native includes', () => {
  test.each([
    ['native/cpu/matmul.cpp', 'cuda/matmul.h'],
    ['native/cuda/matmul.cu', 'cpu/matmul.h'],
    ['native/cpu/matmul.cpp', 'engine/session.h'],
    ['native/model/gguf.cpp', 'engine/session.h'],
    ['native/engine/session.cpp', 'napi.h'],
    ['native/engine/session.cpp', 'addon/engine.h'],
    ['native/engine/session.cpp', '../cpu/matmul.h'],
  ])('%s may not include %s', (path, header) => {
    expect(judgeInclude(path, header)).toMatch(/.+/);
  });

  test.each([
    ['native/addon/addon.cpp', 'napi.h'],
    ['native/addon/addon.cpp', 'engine.h'],
    ['native/engine/forward.cpp', 'ops/ops.h'],
    ['native/cpu/matmul.cpp', 'ops/ops.h'],
    ['native/cpu/matmul.cpp', 'cpu/simd.h'],
  ])('%s may include %s', (path, header) => {
    expect(judgeInclude(path, header)).toBeNull();
  });
});
