// The browser shell as a process: one app on one data folder behind one loopback server.
import { createInterface } from 'node:readline';
import { FailureError } from '../contract/index.js';
import { createApp } from '../services/app.js';
import { startNodeWorker } from '../services/node-worker.js';
import { lockDataFolder } from '../shell/data-lock.js';
import { checkoutModels, ownVersion, windowFolder } from '../shell/places.js';
import { listWindowFiles } from '../shell/window-files.js';
import { hasScreen, openBrowser } from './open-browser.js';
import { readOptions, usage, type WebOptions } from './options.js';
import { startWebServer, type WebServer } from './server.js';

const report = (text: string) => console.error(text);

async function start(
  options: WebOptions,
): Promise<{ server: WebServer; stop: () => Promise<void> }> {
  const lock = lockDataFolder(options.dataFolder);
  process.once('exit', () => lock.release());
  const app = await createApp({
    dataFolder: options.dataFolder,
    modelsFolder: process.env.LONGLEAF_MODELS ?? checkoutModels,
    version: ownVersion(),
    shell: 'browser',
    startWorker: startNodeWorker,
  });
  const files = listWindowFiles(windowFolder);
  const server = await startWebServer({ app, files, port: options.port, report });
  const stop = async () => {
    await server.close();
    await app.close();
  };
  return { server, stop };
}

/** Enter gives a fresh link: the first may be used up, or lost in the scrollback. */
function offerLinks(server: WebServer, link: string): void {
  console.log(`Longleaf is at ${link}`);
  console.log('The link works once. Ctrl+C ends Longleaf.');
  if (!process.stdin.isTTY) return;
  console.log('Press Enter for another link.');
  createInterface({ input: process.stdin }).on('line', () => console.log(server.freshLink()));
}

function endOnSignals(stop: () => Promise<void>): void {
  let ending = false;
  const end = () => {
    if (ending) process.exit(130);
    ending = true;
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        report(String(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  const { server, stop } = await start(options);
  endOnSignals(stop);
  const link = server.freshLink();
  offerLinks(server, link);
  if (options.open && hasScreen()) await openBrowser(link);
}

main().catch((error: unknown) => {
  const { failure } = error instanceof FailureError ? error : { failure: undefined };
  report(failure ? [failure.message, failure.hint].filter(Boolean).join('\n') : String(error));
  process.exit(1);
});
