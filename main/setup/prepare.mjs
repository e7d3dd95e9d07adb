// Everything between a fresh clone and a program that can run.
import { bundleMain } from './bundle.mjs';
import { install } from './install.mjs';
import { buildAddon } from './native.mjs';
import { buildRenderer } from './renderer.mjs';
import { requireNode } from './tools.mjs';

/** Dependencies and the pinned Node. */
export async function prepareTools() {
  requireNode();
  await install();
}

/** What the command line needs: everything but the window. */
export async function prepareCli() {
  await prepareTools();
  await Promise.all([buildAddon(), bundleMain()]);
}

export async function prepareAll() {
  await prepareTools();
  await Promise.all([buildAddon(), bundleMain().then(buildRenderer)]);
}
