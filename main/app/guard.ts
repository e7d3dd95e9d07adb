// What no page may do, whatever it is made to try: go elsewhere, open windows, embed pages, use devices, reach
// the network.
import type { App, Session, WebContents } from 'electron';
import { isOwnAddress } from './origin.js';

/** Copying an answer is the only permission the window needs. */
const allowedPermissions: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

const networkAddresses = ['http', 'https', 'ws', 'wss', 'ftp', 'file'].map(
  (name) => `${name}://*/*`,
);

/** Links a user may be taken to, in their own browser or mail program. */
export function isExternalLink(address: string): boolean {
  return /^(https|mailto):/i.test(address) && URL.canParse(address);
}

export type OpenLink = (address: string) => void;

function guardContents(contents: WebContents, openLink: OpenLink): void {
  contents.on('will-navigate', (event) => {
    if (!isOwnAddress(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isOwnAddress(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isExternalLink(url)) openLink(url);
    return { action: 'deny' };
  });
}

export function guardApp(app: App, openLink: OpenLink): void {
  app.on('web-contents-created', (_event, contents) => guardContents(contents, openLink));
}

export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide) =>
    decide(allowedPermissions.has(permission)),
  );
  session.setPermissionCheckHandler((_contents, permission) => allowedPermissions.has(permission));
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest({ urls: networkAddresses }, (_details, decide) =>
    decide({ cancel: true }),
  );
}
