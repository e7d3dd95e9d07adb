// npm run package: installers for this platform, in release/. Further arguments go to electron-builder.
import { join } from 'node:path';
import { modules, pinnedNode, root } from './paths.mjs';
import { prepareAll } from './prepare.mjs';
import { finish, takeOver } from './process.mjs';

await finish(async () => {
  await prepareAll();
  const cli = join(modules, 'electron-builder', 'cli.js');
  const args = [cli, '--publish', 'never', ...process.argv.slice(2)];
  return takeOver(pinnedNode(), args, { cwd: root });
});
