import { expect, test } from 'vitest';
import { defaultDataFolder, ownVersion } from '../../../main/shell/places.js';

test.each([
  ['linux', {}, '/home/ada/.local/share/longleaf'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/longleaf'],
  ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ada/.local/share/longleaf'],
  ['darwin', { XDG_DATA_HOME: '/data' }, '/home/ada/Library/Application Support/Longleaf'],
  ['win32', { APPDATA: '/roaming' }, '/roaming/Longleaf'],
  ['linux', { LONGLEAF_DATA: '/mine', XDG_DATA_HOME: '/data' }, '/mine'],
] as const)('on %s with %o the data folder is %s', (platform, env, expected) => {
  expect(defaultDataFolder(env, platform, '/home/ada')).toBe(expected);
});

test('the version is package.json’s', () => {
  expect(ownVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
