// Renders a model's Jinja template in a thread of its own, so that a hostile or broken one can neither hang
// nor flood the engine: a deadline, a memory limit, and a cap on what it may say. The library's text is read
// here and evaluated there, because threads cannot be counted on to read inside a packaged app's archive.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

export interface TemplateInput {
  template: string;
  messages: { role: string; content: string }[];
  bosToken: string;
  eosToken: string;
}

export interface TemplateLimits {
  /** From the moment the thread runs. */
  milliseconds: number;
  characters: number;
}

/** Milliseconds: an honest template takes one or two, though not on a machine that is busy with other things. */
export const templateLimits: TemplateLimits = { milliseconds: 10_000, characters: 262_144 };

/** Why a template could not be rendered, in words that finish "The chat template ...". */
export class TemplateError extends Error {}

// The clock stands still, always at the same moment: a template that states the date would otherwise change
// every prompt at midnight, and with it throw away what was read, on disk too. The day is the one that Llama's
// own template falls back to.
const now = Date.UTC(2024, 6, 26, 12);

// A thread that runs out of memory in one large step takes the whole process with it. So values are kept
// small at every step of the interpreter, and single built-in operations cannot make large ones: range and
// repeat are bounded, and the longest string there can be (512 Mi characters) still fits the memory limit.
const guard = `
const most = 2 * workerData.characters;
const tooMuch = () => { throw new Error('it makes values that are too large'); };
const { Environment, Interpreter } = loaded.exports;
const { evaluate } = Interpreter.prototype;
Interpreter.prototype.evaluate = function (statement, environment) {
  const result = evaluate.call(this, statement, environment);
  if (result && result.value && result.value.length > most) tooMuch();
  return result;
};
const { repeat } = String.prototype;
String.prototype.repeat = function (count) {
  return this.length * count > most ? tooMuch() : repeat.call(this, count);
};
const range = (start, stop, step = 1) => {
  if (stop === undefined) [start, stop] = [0, start];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= 100000)) tooMuch();
  return Array.from({ length }, (_, index) => start + index * step);
};
const { set } = Environment.prototype;
Environment.prototype.set = function (name, value) {
  return set.call(this, name, name === 'range' && typeof value === 'function' ? range : value);
};`;

const program = (library: string) => `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const Clock = Date;
globalThis.Date = class extends Clock {
  constructor(...given) { given.length > 0 ? super(...given) : super(workerData.now); }
};
const loaded = { exports: {} };
(function (exports, module) { ${library}
})(loaded.exports, loaded);
${guard}
try {
  const { template, messages, bosToken, eosToken } = workerData.input;
  const text = new loaded.exports.Template(template).render({
    messages, bos_token: bosToken, eos_token: eosToken, add_generation_prompt: true, enable_thinking: false,
  });
  parentPort.postMessage(text.length > workerData.characters
    ? { problem: 'produces too much text' } : { text });
} catch (error) {
  parentPort.postMessage({ problem: 'fails: ' + String(error && error.message).slice(0, 300) });
}`;

let source: string | undefined;

function workerSource(): string {
  const path = createRequire(import.meta.url).resolve('@huggingface/jinja');
  return (source ??= program(readFileSync(path, 'utf8')));
}

/** Throws TemplateError. */
export function renderTemplate(
  input: TemplateInput,
  limits: TemplateLimits = templateLimits,
): Promise<string> {
  const worker = new Worker(workerSource(), {
    eval: true,
    env: {},
    execArgv: [],
    workerData: { input, now, characters: limits.characters },
    resourceLimits: { maxOldGenerationSizeMb: 1536, stackSizeMb: 4 },
  });
  let deadline: NodeJS.Timeout | undefined;
  const outcome = new Promise<string>((resolve, reject) => {
    const fail = (problem: string) => reject(new TemplateError(problem));
    worker.once('online', () => {
      deadline = setTimeout(() => fail('does not come to an end'), limits.milliseconds);
    });
    worker.once('message', (message: { text?: string; problem?: string }) => {
      if (message.text === undefined) fail(message.problem ?? 'fails');
      else resolve(message.text);
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      fail(outOfMemory ? 'needs too much memory' : `fails: ${error.message}`);
    });
    worker.once('exit', () => fail('breaks off'));
  });
  return outcome.finally(() => {
    clearTimeout(deadline);
    void worker.terminate();
  });
}
