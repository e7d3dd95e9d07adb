// Which shell this window runs in decides its bridge.
import type { Bridge } from '../../main/contract/index.js';
import { browserBridge } from './browser.js';
import { electronBridge } from './electron.js';

export function connect(): Bridge {
  const preload = window.longleaf;
  return preload ? electronBridge(preload) : browserBridge(new URL(window.location.href));
}
