// Serves requests one after another as far as they need the session: load, read, ask and drift wait for each other;
// inspect and measure run beside them; cancel takes effect at once.
import type {
  Addon,
  DriftResult,
  NativeEngine,
  ReadingProgress,
} from '../../native/addon/index.js';
import {
  FailureError,
  toFailure,
  type EngineEvent,
  type EngineRequest,
} from '../contract/index.js';
import { ReadingSession, type SessionEvents } from './session.js';
import { ChatTemplate } from './template.js';

type RequestOf<T extends EngineRequest['type']> = Extract<EngineRequest, { type: T }>;

interface Loaded {
  engine: NativeEngine;
  session: ReadingSession;
}

export class EngineServer {
  readonly #addon: Addon;
  readonly #post: (event: EngineEvent) => void;
  readonly #onDeviceLost: () => void;
  #loaded: Loaded | undefined;
  #last: Promise<void> = Promise.resolve();
  #loading: Promise<void> = Promise.resolve();
  /** Reads, asks, saves and calibrations that wait or run. */
  readonly #cancels = new Map<string, AbortController>();

  constructor(addon: Addon, post: (event: EngineEvent) => void, onDeviceLost: () => void) {
    this.#addon = addon;
    this.#post = post;
    this.#onDeviceLost = onDeviceLost;
  }

  async serve(request: EngineRequest): Promise<void> {
    try {
      await this.#serve(request);
    } catch (error) {
      const failure = toFailure(error);
      this.#post({ type: 'failed', id: request.id, failure });
      if (failure.code === 'device_lost') this.#onDeviceLost();
    }
  }

  #serve(request: EngineRequest): Promise<void> {
    switch (request.type) {
      case 'load':
        return (this.#loading = this.#inTurn(() => this.#load(request)));
      case 'inspect':
        return this.#inspect(request);
      case 'measure':
        return this.#measure(request);
      case 'layOut':
        return this.#layOut(request);
      case 'read':
      case 'ask':
        return this.#read(request);
      case 'save':
        return this.#save(request);
      case 'drift':
        return this.#drift(request);
      case 'cancel':
        this.#cancels.get(request.id)?.abort();
        return Promise.resolve();
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #load({ id, options }: RequestOf<'load'>): Promise<void> {
    const before = this.#loaded;
    this.#loaded = undefined;
    before?.session.close();
    await before?.engine.close();
    const engine = await this.#addon.load(options, (fraction) =>
      this.#post({ type: 'loading', id, fraction }),
    );
    const { info, memory, device } = engine;
    const template = await ChatTemplate.open(info);
    this.#loaded = { engine, session: new ReadingSession(engine, template) };
    const note = [memory.note, template.note].filter(Boolean).join(' ') || undefined;
    this.#post({ type: 'loaded', id, info, memory, device, note });
  }

  async #inspect({ id, path }: RequestOf<'inspect'>): Promise<void> {
    this.#post({ type: 'inspected', id, info: await this.#addon.inspect(path) });
  }

  async #measure({ id, prompt }: RequestOf<'measure'>): Promise<void> {
    await this.#loading.catch(() => {});
    const measured = await this.#session().measure(prompt);
    this.#post({ type: 'measured', id, ...measured });
  }

  async #layOut({ id, prompt }: RequestOf<'layOut'>): Promise<void> {
    await this.#loading.catch(() => {});
    this.#post({ type: 'laidOut', id, parts: await this.#session().layOut(prompt) });
  }

  async #read(request: RequestOf<'read' | 'ask'>): Promise<void> {
    const { id } = request;
    const events: SessionEvents = {
      reading: (progress) => this.#post({ type: 'reading', id, ...progress }),
      text: (text) => this.#post({ type: 'token', id, text }),
    };
    await this.#cancellable(id, async (session, signal) => {
      if (request.type === 'read') {
        this.#post({ type: 'read', id, ...(await session.read(request, events, signal)) });
        return;
      }
      const { sampling, maxTokens, watch } = request;
      const asked = { ...request, generate: { sampling, maxTokens, watch } };
      this.#post({ type: 'answered', id, ...(await session.ask(asked, events, signal)) });
    });
  }

  async #save({ id, name, path }: RequestOf<'save'>): Promise<void> {
    await this.#cancellable(id, async (session, signal) => {
      this.#post({ type: 'saved', id, ...(await session.save(name, path, signal)) });
    });
  }

  async #drift({ id, text, mostTokens, delta }: RequestOf<'drift'>): Promise<void> {
    await this.#cancellable(id, async (session, signal) => {
      const onProgress = (step: ReadingProgress) => this.#post({ type: 'reading', id, ...step });
      this.#drifted(id, delta, await session.drift(text, mostTokens, onProgress, signal));
    });
  }

  #drifted(id: string, delta: number, result: DriftResult & { tokens: number }): void {
    const { cancelled, seconds, tokens, layers: drift } = result;
    const layers = cancelled ? [] : this.#addon.quietLayers(drift, delta);
    this.#post({ type: 'drifted', id, cancelled, tokens, seconds, drift, layers });
  }

  /** In its turn, and until then and meanwhile open to cancel. */
  async #cancellable(
    id: string,
    work: (session: ReadingSession, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const controller = new AbortController();
    this.#cancels.set(id, controller);
    const run = () => {
      const session = this.#session();
      controller.signal.addEventListener('abort', () => session.cancel());
      return work(session, controller.signal);
    };
    await this.#inTurn(run).finally(() => this.#cancels.delete(id));
  }

  #session(): ReadingSession {
    if (this.#loaded) return this.#loaded.session;
    throw new FailureError('bad_request', 'No model is loaded.');
  }
}
