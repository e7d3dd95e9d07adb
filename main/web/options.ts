// The arguments of the browser shell.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FailureError } from '../contract/index.js';
import { defaultDataFolder } from '../shell/places.js';

export interface WebOptions {
  port: number;
  open: boolean;
  dataFolder: string;
  help: boolean;
}

export const usage = `npm start -- [--no-open] [--port N] [--data FOLDER]

  --no-open      print the link, open nothing
  --port N       the port on 127.0.0.1 (default: any free one)
  --data FOLDER  where documents and conversations are kept (default: ${defaultDataFolder()})
`;

export function readOptions(args: string[]): WebOptions {
  try {
    const { values } = parseArgs({
      args,
      options: {
        'no-open': { type: 'boolean' },
        port: { type: 'string', default: '0' },
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Error(`--port ${values.port} is not a port number.`);
    }
    return {
      port,
      open: values['no-open'] !== true,
      dataFolder: resolve(values.data ?? defaultDataFolder()),
      help: values.help === true,
    };
  } catch (error) {
    throw new FailureError('bad_request', (error as Error).message, usage);
  }
}
