// The conversation on screen in the address, so that reload and the back button do what people expect.

export interface Route {
  conversationId: string | null;
}

const prefix = '#c=';

export function readRoute(hash = window.location.hash): Route {
  if (!hash.startsWith(prefix)) return { conversationId: null };
  return { conversationId: decodeURIComponent(hash.slice(prefix.length)) || null };
}

export function writeRoute({ conversationId }: Route): void {
  const hash = conversationId === null ? '' : prefix + encodeURIComponent(conversationId);
  if (window.location.hash === hash) return;
  const address = window.location.pathname + window.location.search + hash;
  window.history.pushState(null, '', address);
}
