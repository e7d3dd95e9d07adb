// The one origin the window has. A scheme of our own instead of file://, so that "same origin" means something.
import type { CustomScheme } from 'electron';

export const scheme = 'longleaf';
export const windowOrigin = `${scheme}://app`;
export const windowAddress = `${windowOrigin}/index.html`;

export const customScheme: CustomScheme = {
  scheme,
  privileges: { standard: true, secure: true, supportFetchAPI: true },
};

/** Whether an address is the window's own page, in whatever state. */
export function isOwnAddress(address: string): boolean {
  return address === windowOrigin || address.startsWith(`${windowOrigin}/`);
}
