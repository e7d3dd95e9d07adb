// Child processes of the set-up: quiet ones that show their output only when they fail, and loud ones that
// own the terminal.
import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

/** A failure whose message is all the user needs to see. */
export class SetupError extends Error {}

/** A step's name on stderr, so that stdout stays the program's own. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs to the end and returns {code, output}; output is stdout and stderr together. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) =>
      resolve({ code: code ?? -1, output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}

/** Runs quietly; on failure throws with the output. */
export async function quietly(what, command, args, options) {
  const { code, output } = await capture(command, args, options);
  if (code !== 0) throw new SetupError(`${what} failed (exit code ${code}):\n${output.trimEnd()}`);
  return output;
}

/** npm that is told to end does so without telling its scripts: they notice by their parent. */
function whenOrphaned(end) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return undefined;
  const parent = process.ppid;
  return setInterval(() => process.ppid !== parent && end(), 500);
}

/** Hands the terminal to the child and passes signals on; resolves to its exit code. */
export function takeOver(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    // A terminal sends SIGINT to the whole group: the child has it already, the parent must only wait.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    process.on('SIGTERM', forward);
    const watch = whenOrphaned(() => child.kill('SIGTERM'));
    child.on('error', (error) => {
      say(error.message);
      resolve(1);
    });
    child.on('close', (code, signal) => {
      clearInterval(watch);
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Runs `main` and ends the process: SetupErrors as their sentence, bugs with their stack. */
export async function finish(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    say(error instanceof SetupError ? error.message : error.stack);
    process.exitCode = 1;
  }
}
