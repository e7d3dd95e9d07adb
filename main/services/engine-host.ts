// Owns the engine process: starts it when first needed, carries requests to it and its events back, and
// starts it again, with growing pauses, after it died. It replays nothing: every request that was running
// fails with engine_died, and the new process has no model until somebody loads one. A process whose device
// failed is as good as dead: it is ended at once, and what ran fails with device_lost.
import {
  engineEvent,
  FailureError,
  type EngineEvent,
  type EngineRequest,
  type Failure,
  type ModelInfo,
  type StartWorker,
  type WorkerProcess,
} from '../contract/index.js';

type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>;
type RequestOf<T extends EngineRequest['type']> = Omit<
  Extract<EngineRequest, { type: T }>,
  'id' | 'type'
>;

export type Loaded = EventOf<'loaded'>;
export type Measured = EventOf<'measured'>;
export type ReadOutcome = EventOf<'read'>;
export type Drifted = EventOf<'drifted'>;
export type Answered = EventOf<'answered'>;
export type Saved = EventOf<'saved'>;
export type ReadingStep = EventOf<'reading'>;

interface Pending {
  final: EngineEvent['type'];
  onEvent(event: EngineEvent): void;
  resolve(event: EngineEvent): void;
  reject(error: FailureError): void;
}

export interface Listeners {
  onReading?(step: ReadingStep): void;
  onToken?(text: string): void;
}

/** Pause before the next start after so many deaths in a row without useful work between them. */
const pausesAfterDeaths = [0, 0, 1000, 4000, 15_000];

export class EngineHost {
  readonly #startWorker: StartWorker;
  readonly #onDeath: (failure: Failure) => void;
  #worker: WorkerProcess | undefined;
  readonly #pending = new Map<string, Pending>();
  #nextId = 1;
  #deaths = 0;
  #diedAt = 0;
  #closed = false;

  constructor(startWorker: StartWorker, onDeath: (failure: Failure) => void) {
    this.#startWorker = startWorker;
    this.#onDeath = onDeath;
  }

  load(options: RequestOf<'load'>['options'], onFraction: (fraction: number) => void) {
    return this.#request('load', { options }, 'loaded', (event) => {
      if (event.type === 'loading') onFraction(event.fraction);
    });
  }

  async inspect(path: string): Promise<ModelInfo> {
    return (await this.#request('inspect', { path }, 'inspected')).info;
  }

  measure(prompt: RequestOf<'measure'>['prompt']): Promise<Measured> {
    return this.#request('measure', { prompt }, 'measured');
  }

  layOut(prompt: RequestOf<'layOut'>['prompt']): Promise<EventOf<'laidOut'>> {
    return this.#request('layOut', { prompt }, 'laidOut');
  }

  read(request: RequestOf<'read'>, signal: AbortSignal, on: Listeners): Promise<ReadOutcome> {
    return this.#request('read', request, 'read', forward(on), signal);
  }

  drift(request: RequestOf<'drift'>, signal: AbortSignal, on: Listeners): Promise<Drifted> {
    return this.#request('drift', request, 'drifted', forward(on), signal);
  }

  ask(request: RequestOf<'ask'>, signal: AbortSignal, on: Listeners): Promise<Answered> {
    return this.#request('ask', request, 'answered', forward(on), signal);
  }

  save(request: RequestOf<'save'>, signal: AbortSignal): Promise<Saved> {
    return this.#request('save', request, 'saved', undefined, signal);
  }

  close(): void {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.kill();
    this.#failAll({ code: 'engine_died', message: 'Longleaf is closing.' });
  }

  async #request<R extends EngineRequest['type'], F extends EngineEvent['type']>(
    type: R,
    body: RequestOf<R>,
    final: F,
    onEvent: (event: EngineEvent) => void = () => {},
    signal?: AbortSignal,
  ): Promise<EventOf<F>> {
    const worker = await this.#running();
    const id = String(this.#nextId++);
    return new Promise((resolve, reject) => {
      const cancel = () => worker.post({ type: 'cancel', id } satisfies EngineRequest);
      const settle = () => {
        this.#pending.delete(id);
        signal?.removeEventListener('abort', cancel);
      };
      this.#pending.set(id, {
        final,
        onEvent,
        resolve: (event) => {
          settle();
          this.#deaths = 0;
          resolve(event as EventOf<F>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      worker.post({ ...body, type, id });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  async #running(): Promise<WorkerProcess> {
    if (this.#worker) return this.#worker;
    const pause = pausesAfterDeaths[Math.min(this.#deaths, pausesAfterDeaths.length - 1)] ?? 0;
    const wait = this.#diedAt + pause - Date.now();
    if (this.#deaths > 0 && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (this.#closed) throw new FailureError('engine_died', 'Longleaf is closing.');
    return (this.#worker ??= this.#start());
  }

  #start(): WorkerProcess {
    const worker = this.#startWorker({ entry: 'engine' });
    worker.onMessage((message) => {
      if (worker === this.#worker) this.#receive(message);
    });
    worker.onExit((code) => {
      if (worker === this.#worker) this.#died(code);
    });
    return worker;
  }

  #receive(message: unknown): void {
    const parsed = engineEvent.safeParse(message);
    if (!parsed.success) return this.#misunderstood(message);
    const event = parsed.data;
    if (event.type === 'started') return;
    const pending = this.#pending.get(event.id);
    if (!pending) return;
    if (event.type === 'failed') {
      const { code, message: words, hint } = event.failure;
      if (code === 'device_lost') return this.#lostDevice(words);
      pending.reject(new FailureError(code, words, hint));
    } else if (event.type === pending.final) pending.resolve(event);
    else pending.onEvent(event);
  }

  /** A message outside the contract must not leave its request waiting for ever. */
  #misunderstood(message: unknown): void {
    const id = (message as { id?: unknown } | null)?.id;
    const pending = typeof id === 'string' ? this.#pending.get(id) : undefined;
    pending?.reject(new FailureError('internal', 'The model’s process sent a malformed message.'));
  }

  #died(code: number | null): void {
    this.#bury(deathOf(code));
  }

  /** The next request must not reach a process that no longer has a device. */
  #lostDevice(message: string): void {
    const worker = this.#worker;
    this.#bury({ code: 'device_lost', message, hint: lostDeviceHint });
    worker?.kill();
  }

  #bury(failure: Failure): void {
    this.#worker = undefined;
    this.#deaths++;
    this.#diedAt = Date.now();
    this.#failAll(failure);
    this.#onDeath(failure);
  }

  #failAll({ code, message, hint }: Failure): void {
    for (const pending of [...this.#pending.values()]) {
      pending.reject(new FailureError(code, message, hint));
    }
  }
}

function forward(on: Listeners): (event: EngineEvent) => void {
  return (event) => {
    if (event.type === 'reading') on.onReading?.(event);
    if (event.type === 'token') on.onToken?.(event.text);
  };
}

const lostDeviceHint =
  'Your conversation is saved. Ask again: Longleaf starts the model anew and reads the documents again. ' +
  'If it fails again, choose the processor (CPU) in the settings.';

function deathOf(code: number | null): Failure {
  return {
    code: 'engine_died',
    message:
      code === null
        ? 'The model’s process was ended by the system, most often because memory ran out.'
        : `The model’s process ended unexpectedly (code ${code}).`,
    hint: 'Your conversation is saved. Ask again: Longleaf starts it anew and reads the documents again.',
  };
}
