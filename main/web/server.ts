// The browser shell's server: loopback only, one app, any number of tabs.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FailureError } from '../contract/index.js';
import type { App } from '../services/types.js';
import type { Report } from '../shell/connection.js';
import type { WindowFiles } from '../shell/window-files.js';
import { Access } from './access.js';
import { linkTo, requestListener } from './http.js';
import { serveSockets } from './socket.js';

export interface WebServerOptions {
  app: App;
  files: WindowFiles;
  /** 0: any free port. */
  port: number;
  report: Report;
}

export interface WebServer {
  port: number;
  /** A link that works once; the one before it, if unused, stops working. */
  freshLink(): string;
  /** Ends every connection. Idempotent. */
  close(): Promise<void>;
}

const graceMs = 500;

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const message = taken ? `Port ${port} is in use.` : `Port ${port}: ${error.message}`;
      reject(new FailureError('bad_request', message, 'Choose another: --port N.'));
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { app, files, report } = options;
  // Uploads of large files over a slow tunnel take their time; headers do not.
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 30 * 60_000 });
  server.maxConnections = 256;
  const port = await listen(server, options.port);
  const access = new Access(port);
  const sockets = serveSockets(app, access, report);
  server.on('request', requestListener({ app, access, files, report }));
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  server.on('clientError', (_error, socket) => socket.destroy());

  let closing: Promise<void> | undefined;
  return {
    port,
    freshLink: () => linkTo(port, access.issueToken()),
    close: () =>
      (closing ??= new Promise((resolve) => {
        sockets.close();
        server.close(() => resolve());
        setTimeout(() => server.closeAllConnections(), graceMs).unref();
      })),
  };
}
