// WebSocket /socket: one ClientMessage or ServerMessage per frame of text.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { App } from '../services/types.js';
import { Connection, type Report } from '../shell/connection.js';
import type { Access } from './access.js';
import { targetOf } from './target.js';

export const socketPath = '/socket';

/** A question may have a million characters; JSON can spend six bytes on one. */
const messageLimit = 8 * 1024 * 1024;
const backlogLimit = 64 * 1024 * 1024;
const heartbeatMs = 30_000;

function parse(data: RawData, isBinary: boolean): unknown {
  if (isBinary) return undefined;
  try {
    return JSON.parse((data as Buffer).toString('utf8'));
  } catch {
    return undefined;
  }
}

function connect(app: App, socket: WebSocket, report: Report): void {
  const wire = {
    send: (message: unknown) => {
      if (socket.bufferedAmount > backlogLimit) socket.terminate();
      else socket.send(JSON.stringify(message));
    },
    backlog: () => socket.bufferedAmount,
    giveUp: () => socket.terminate(),
  };
  const connection = new Connection(app, wire, report);
  socket.on('close', () => connection.close());
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, isBinary) => {
    if (!connection.receive(parse(data, isBinary))) socket.close(1008, 'not a Longleaf message');
  });
}

/** Ends connections whose browser went away without a word (a closed laptop). */
function keepAlive(server: WebSocketServer): void {
  const silent = new WeakSet<WebSocket>();
  server.on('connection', (socket) => socket.on('pong', () => silent.delete(socket)));
  const timer = setInterval(() => {
    for (const socket of server.clients) {
      if (silent.has(socket)) socket.terminate();
      silent.add(socket);
      socket.ping();
    }
  }, heartbeatMs);
  server.on('close', () => clearInterval(timer));
}

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

export function serveSockets(app: App, access: Access, report: Report): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: messageLimit,
    perMessageDeflate: false,
  });
  server.on('connection', (socket) => connect(app, socket, report));
  keepAlive(server);
  return {
    upgrade: (request, socket, head) => {
      const { headers } = request;
      const { path } = targetOf(request);
      if (path !== socketPath || !access.hasOwnOrigin(headers) || !access.hasSession(headers)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client));
    },
    close: () => {
      for (const socket of server.clients) socket.close(1001, 'Longleaf is closing');
      server.close();
    },
  };
}
