// The command line as a process: signals, streams and exit codes around the commands.
import { CommanderError, type Command } from 'commander';
import { startNodeWorker } from '../services/node-worker.js';
import { checkoutModels, defaultDataFolder, ownVersion } from '../shell/places.js';
import { Cancelled, describeFailure, exitCode } from './outcome.js';
import { createProgram } from './program.js';

const stop = new AbortController();

function endOnSignals(): void {
  const interrupted = () => {
    // The second time, whoever waits has waited enough.
    if (stop.signal.aborted) process.exit(exitCode.cancelled);
    stop.abort();
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  process.on('SIGHUP', interrupted);
  // `longleaf … | head` closes the pipe: nobody reads on, so nothing is left to do.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? exitCode.ok : exitCode.bug);
  });
}

/** Errors of usage in the same form as all others: one line. */
function strict(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) =>
      write(
        `longleaf: ${text
          .replace(/^error: /, '')
          .trim()
          .replace(/\s+/g, ' ')} See longleaf --help.\n`,
      ),
  });
  command.commands.forEach(strict);
}

async function run(): Promise<number> {
  const program = createProgram(
    {
      stdin: process.stdin,
      stdout: process.stdout,
      startWorker: startNodeWorker,
      modelsFolder: process.env.LONGLEAF_MODELS ?? checkoutModels,
      dataFolder: defaultDataFolder(),
      version: ownVersion(),
      signal: stop.signal,
    },
    process.stderr,
  );
  strict(program);
  try {
    await program.parseAsync();
    return exitCode.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (error instanceof Cancelled || stop.signal.aborted) {
      process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}longleaf: Cancelled.\n`);
      return exitCode.cancelled;
    }
    const { line, code } = describeFailure(error);
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}${line}\n`);
    return code;
  }
}

endOnSignals();
const code = await run();
// Standard output may be a slow pipe; standard input may never end.
process.stdout.write('', () => process.exit(code));
