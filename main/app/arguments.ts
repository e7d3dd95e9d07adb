// What Electron was started with: our one option and the files to open. Chromium's own switches are left alone.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Arguments {
  dataFolder: string | null;
  /** Absolute paths of files that exist. */
  files: string[];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** `args` without the program. The app's own folder, there in a checkout, is no file and falls away. */
export function readArguments(args: readonly string[], workingFolder: string): Arguments {
  let dataFolder: string | null = null;
  const files: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--data') dataFolder = args[++i] ?? null;
    else if (arg.startsWith('--data=')) dataFolder = arg.slice('--data='.length);
    else if (!arg.startsWith('-')) files.push(resolve(workingFolder, arg));
  }
  return {
    dataFolder: dataFolder === null ? null : resolve(workingFolder, dataFolder),
    files: files.filter(isFile),
  };
}
