// npm start: builds what changed, then opens Longleaf in Electron where that can run, else in the browser.
import { join } from 'node:path';
import { dist, electronBinary, pinnedNode, root } from './paths.mjs';
import { prepareAll } from './prepare.mjs';
import { finish, say, takeOver } from './process.mjs';
import { chooseShell } from './shell-choice.mjs';

async function main() {
  const args = process.argv.slice(2);
  await prepareAll();
  const electron = electronBinary();
  const { shell, why } = chooseShell(args, {
    electron,
    platform: process.platform,
    env: process.env,
    isRoot: process.getuid?.() === 0,
  });
  if (shell === 'electron') {
    say(`Opening Longleaf in Electron: ${why}.`);
    return takeOver(electron, [root, ...args]);
  }
  say(`Opening Longleaf in the browser: ${why}.`);
  const rest = args.filter((arg) => arg !== '--browser');
  return takeOver(pinnedNode(), [join(dist, 'main', 'web.js'), ...rest]);
}

await finish(main);
