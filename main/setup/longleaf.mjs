#!/usr/bin/env node
// `npx longleaf …` in a checkout: builds what changed (words on stderr only), then runs the command line.
import { join } from 'node:path';
import { dist, pinnedNode } from './paths.mjs';
import { prepareCli } from './prepare.mjs';
import { finish, takeOver } from './process.mjs';

await finish(async () => {
  await prepareCli();
  return takeOver(pinnedNode(), [join(dist, 'main', 'cli.js'), ...process.argv.slice(2)]);
});
