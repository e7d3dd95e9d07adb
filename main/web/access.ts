// Who may use the app: whoever opened the link that was printed in the terminal. The link works once and puts
// a cookie in that browser; the cookie is good until the server ends.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const sessionLimit = 64;

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Compared by digest, so neither content nor length of the secret shows in the time it takes. */
function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export class Access {
  /** Cookies ignore ports, so two Longleafs on one machine need names of their own. */
  readonly #cookieName: string;
  readonly #hosts: ReadonlySet<string>;
  #token: string | null = null;
  #sessions: string[] = [];

  constructor(port: number) {
    this.#cookieName = `longleaf-${port}`;
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  /** A new link's token; an unused earlier one stops working. */
  issueToken(): string {
    this.#token = secret();
    return this.#token;
  }

  /** The Set-Cookie header for a correct, unused token; null otherwise. */
  redeem(token: string): string | null {
    if (this.#token === null || !equal(token, this.#token)) return null;
    this.#token = null;
    const session = secret();
    this.#sessions = [...this.#sessions, session].slice(-sessionLimit);
    return `${this.#cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  hasSession(headers: IncomingHttpHeaders): boolean {
    const prefix = `${this.#cookieName}=`;
    const values = (headers.cookie ?? '')
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part.startsWith(prefix))
      .map((part) => part.slice(prefix.length));
    return values.some((value) => this.#sessions.some((session) => equal(value, session)));
  }

  /** A name that resolves to this machine is not enough: a rebound DNS name would do that too. */
  hasOwnHost(headers: IncomingHttpHeaders): boolean {
    return headers.host !== undefined && this.#hosts.has(headers.host);
  }

  /** For everything that acts. Cookies cross ports on one host; origins do not. */
  hasOwnOrigin(headers: IncomingHttpHeaders): boolean {
    return this.hasOwnHost(headers) && headers.origin === `http://${headers.host}`;
  }
}
