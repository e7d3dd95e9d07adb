// The few kinds of HTTP answer the browser shell gives, all with the same security headers.
import type { ServerResponse } from 'node:http';
import type { Failure, FailureCode } from '../contract/index.js';
import { securityHeaders } from '../shell/content-policy.js';

type Headers = Record<string, string | number>;

export function reply(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Headers = {},
): void {
  response.writeHead(status, {
    ...securityHeaders,
    'Cache-Control': 'no-store',
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** `title` and `text` are our own words, never a visitor's. */
export function replyPage(
  response: ServerResponse,
  status: number,
  title: string,
  text: string,
): void {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>`;
  reply(response, status, 'text/html; charset=utf-8', page);
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

const statuses: Partial<Record<FailureCode, number>> = {
  bad_request: 400,
  not_found: 404,
  busy: 409,
  document_too_large: 413,
  document_unsupported: 415,
  document_damaged: 422,
  document_encrypted: 422,
  document_no_text: 422,
  document_too_slow: 422,
};

export function replyFailure(response: ServerResponse, failure: Failure): void {
  replyJson(response, statuses[failure.code] ?? 500, failure);
}
