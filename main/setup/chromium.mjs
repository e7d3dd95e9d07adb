// A Chromium for the end-to-end tests: the one CHROMIUM names, the system's, the distribution's (installed here
// on Debian as root), else Playwright's own.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { modules, pinnedNode } from './paths.mjs';
import { capture, quietly, say } from './process.mjs';

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

const systemChromium = () =>
  onPath('chromium') ?? onPath('chromium-browser') ?? onPath('google-chrome');

async function installFromDebian() {
  say('Installing Chromium for the end-to-end tests (apt-get install chromium) …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await capture('apt-get', ['update', '-q'], { env });
  const args = ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'];
  await quietly('apt-get install chromium', 'apt-get', args, { env });
}

/** Path of a browser, or null for Playwright's own, which is then installed. */
export async function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const present = systemChromium();
  if (present) return present;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')) {
    await installFromDebian();
    return systemChromium();
  }
  say('Installing Playwright’s Chromium for the end-to-end tests …');
  const cli = join(modules, '@playwright', 'test', 'cli.js');
  await quietly('playwright install', pinnedNode(), [cli, 'install', 'chromium']);
  return null;
}
