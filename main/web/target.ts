// What a request asks for. Never throws, whatever a stranger sends as a request line.
import type { IncomingMessage } from 'node:http';

export function targetOf(request: IncomingMessage): { path: string; params: URLSearchParams } {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  return { path, params: new URLSearchParams(query) };
}
