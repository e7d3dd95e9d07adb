// Waiting that can be given up.

/** The result of `work`, or undefined as soon as `signal` aborts. The work itself goes on. */
export async function unlessAborted<T>(
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T | undefined> {
  if (signal.aborted) {
    work.catch(() => {});
    return undefined;
  }
  let stop = () => {};
  const given = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => {}); // given up: nobody else looks at its failure
  }
}
