// The commands, their options and their help.
import { Command, InvalidArgumentError, Option } from 'commander';
import { device } from '../contract/index.js';
import { ask, type AskOptions } from './ask.js';
import { backup, restore, type BackupOptions, type RestoreOptions } from './backup.js';
import { bench, type BenchOptions } from './bench.js';
import { calibrate, type CalibrateOptions } from './calibrate.js';
import { models } from './models.js';
import { exitCodeHelp } from './outcome.js';
import { Progress } from './progress.js';
import { read, type ReadOptions } from './read.js';
import type { Terminal } from './terminal.js';

const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: string): number => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `It must be a whole number from ${least} on.`
        : `It must be a whole number from ${least} to ${most}.`,
    );
  };

const share = (value: string) => {
  const number = Number(value);
  if (value.trim() !== '' && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
};

const wholeList = (value: string) => value.split(',').map((each) => whole(64)(each.trim()));

const notBlank = (value: string) => {
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
};

const powers = { k: 1, m: 2, g: 3, t: 4 } as const;

/** "8GiB", "8GB" (both of 1024s, as memory is sold), "8192 MiB", or plain bytes. */
export function memorySize(value: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])i?b?|b)?\s*$/i.exec(value) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It must be a size, such as 8GiB.');
  const power = unit ? powers[unit.toLowerCase() as keyof typeof powers] : 0;
  return Math.round(Number(digits) * 1024 ** power);
}

type StreamOptions = { quiet: boolean };

/** `terminal` without progress, which depends on --quiet. */
export function createProgram(
  world: Omit<Terminal, 'progress'>,
  stderr: ConstructorParameters<typeof Progress>[0],
): Command {
  const at = ({ quiet }: StreamOptions): Terminal => ({
    ...world,
    progress: new Progress(stderr, quiet),
  });
  const program = new Command('longleaf')
    .description('Reads long documents whole with a model on this machine, and answers about them.')
    .version(world.version)
    .addHelpText('after', exitCodeHelp)
    .showHelpAfterError(false);

  withEngineOptions(program.command('ask'))
    .description('answer a question about documents; the answer goes to standard output')
    .argument('<file...>', 'PDF, DOCX, EPUB, HTML, Markdown, text or code; - reads standard input')
    .requiredOption('-q, --question <text>', 'what to ask', notBlank)
    .option('--max-tokens <n>', 'longest answer', whole(1, 32768), 512)
    .action((files: string[], options: AskOptions & StreamOptions) =>
      ask(at(options), files, options),
    );
  withEngineOptions(program.command('read'))
    .description('read documents and tell tokens, time and what each layer kept')
    .argument('<file...>', 'as for ask')
    .action((files: string[], options: ReadOptions & StreamOptions) =>
      read(at(options), files, options),
    );
  withOutputOptions(program.command('models'))
    .description('list the bundled models and those added in the app')
    .action((options: { json: boolean } & StreamOptions) => models(at(options), options));
  withEngineOptions(program.command('bench'))
    .description('measure reading speed, writing speed and memory')
    .option('--tokens <list>', 'lengths to read', wholeList, [2048, 8192, 16384])
    .action((options: BenchOptions & StreamOptions) => bench(at(options), options));
  withMachineOptions(program.command('calibrate'))
    .description(
      'measure a model on this machine at every level, and keep what the slider shall do to it',
    )
    .argument('[file...]', 'what to measure on; without it, text made up for the purpose')
    .option('--tokens <n>', 'length of the text', whole(512), 16384)
    .option('--facts <n>', 'facts planted and asked for at each level', whole(1, 320), 20)
    .option('--delta <share>', 'quantile of drift up to which a layer may be sparse', share, 0.5)
    .option('--dry-run', 'measure, but keep nothing', false)
    .action((files: string[], options: CalibrateOptions & StreamOptions) =>
      calibrate(at(options), files, options),
    );
  withLibraryCommands(program, at);
  for (const command of program.commands) command.addHelpText('after', exitCodeHelp);
  return program;
}

function withLibraryCommands(program: Command, at: (options: StreamOptions) => Terminal): void {
  withOutputOptions(program.command('backup'))
    .description('write the whole library of the app, which must be closed, into one file')
    .argument('<file>', 'where to; it must not be there yet')
    .action((file: string, options: BackupOptions & StreamOptions) =>
      backup(at(options), file, options),
    );
  withOutputOptions(program.command('restore'))
    .description('put a backup in the place of the library, which is moved aside')
    .argument('<file>', 'a backup')
    .option('--yes', 'without it, the backup is only checked and described', false)
    .action((file: string, options: RestoreOptions & StreamOptions) =>
      restore(at(options), file, options),
    );
}

function withOutputOptions(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON', false)
    .option('--quiet', 'no progress and no notes on standard error', false);
}

function withEngineOptions(command: Command): Command {
  return withMachineOptions(command).option(
    '--level <n>',
    'sparsity level, 0 (exact) to 100 (fast)',
    whole(0, 100),
  );
}

function withMachineOptions(command: Command): Command {
  return withOutputOptions(command)
    .option('-m, --model <file>', 'a GGUF file; without it, the bundled model')
    .option('--threads <n>', '0: one for each core', whole(0, 256), 0)
    .addOption(
      new Option('--kv <type>', 'how keys and values are kept')
        .choices(['f16', 'q8_0', 'f32'])
        .default('f16'),
    )
    .option('--allow-q8-kv', 'q8_0 where --kv does not hold the context', false)
    .option('--context <n>', 'tokens of context; 0: what model and memory allow', whole(0), 0)
    .addOption(
      new Option('--device <name>', 'what runs the model; auto: a GPU that holds it, else the CPU')
        .choices(device.options)
        .default('auto'),
    )
    .option('--vram-limit <size>', 'most memory of a GPU to take, such as 8GiB', memorySize, 0);
}
