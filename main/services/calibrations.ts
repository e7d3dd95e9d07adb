// Calibrations from the window: one at a time, alone on the engine. Readings and questions asked meanwhile wait
// for it; it waits for a reading under way and is refused while an answer runs. Nothing is written until the
// user keeps the result, so whatever ends Longleaf in the middle leaves the profile as it was.
import {
  FailureError,
  type CalibrationOrder,
  type CalibrationRun,
  type CalibrationState,
  type Failure,
  type MeasuredLevel,
  type SparsityProfile,
} from '../contract/index.js';
import { unlessAborted } from './abort.js';
import type { AppEvents } from './app-events.js';
import {
  calibrate,
  calibrationRequest,
  replyTokens,
  type CalibrationListeners,
} from './calibrating.js';
import { CalibrationProgress } from './calibration-progress.js';
import type { Desk } from './desk.js';
import { failureOf } from './failures.js';
import { sampleName, sampleText } from './sample-text.js';
import { calibrationsIn, forgetCalibrated, keepCalibrated } from './sparsity-profiles.js';

/** Layers up to the median of drift may be sparse, as in the paper. */
const delta = 0.5;
/** Progress within a step is told no more often. */
const quietMs = 100;

interface Job {
  order: CalibrationOrder;
  text: string;
  title: string;
  controller: AbortController;
  /** Why it is given up, where not by the user. */
  lost?: Failure;
}

interface Result {
  fingerprint: string;
  modelTitle: string;
  profile: SparsityProfile;
}

export class Calibrations {
  readonly #desk: Desk;
  readonly #events: AppEvents;
  readonly #folder: string;
  #job: Job | undefined;
  #result: Result | undefined;
  #run: CalibrationRun = { state: 'idle' };
  #toldAt = 0;

  constructor(desk: Desk, events: AppEvents, dataFolder: string) {
    this.#desk = desk;
    this.#events = events;
    this.#folder = calibrationsIn(dataFolder);
  }

  async state(): Promise<CalibrationState> {
    const { models, settings, loaded } = this.#desk;
    const { modelId, contextTokens } = settings.read();
    const model = await models.choose(modelId).catch(() => undefined);
    if (!model?.card.info) return { run: this.#run, model: null };
    const { status } = loaded;
    const { contextLength, layers } = model.card.info;
    const asked = contextTokens > 0 ? Math.min(contextTokens, contextLength) : contextLength;
    const context = status.state === 'ready' ? status.memory.contextTokens : asked;
    const { source, profile, card } = model;
    const mostTokens = Math.max(0, context - replyTokens);
    return { run: this.#run, model: { title: card.title, layers, source, profile, mostTokens } };
  }

  start(order: CalibrationOrder): void {
    if (this.#job) {
      throw new FailureError(
        'busy',
        'A calibration is running already.',
        'Wait for it, or stop it.',
      );
    }
    const { library } = this.#desk;
    const { documentId, tokens } = order;
    const text = documentId === null ? sampleText(1, tokens * 5) : library.text(documentId);
    const title = documentId === null ? sampleName : library.get(documentId).title;
    const job = { order, text, title, controller: new AbortController() };
    this.#job = job;
    this.#result = undefined;
    void this.#work(job);
  }

  /** Obeyed within 200 ms. */
  cancel(): void {
    this.#job?.controller.abort();
  }

  /** What it measured on is gone: another model, another process. */
  engineLost(): void {
    const job = this.#job;
    if (!job || job.controller.signal.aborted || !this.#measuring) return;
    job.lost = {
      code: 'busy',
      message: 'The calibration ended because the model was unloaded.',
      hint: 'Start it again; leave the model and its memory settings as they are meanwhile.',
    };
    job.controller.abort();
  }

  async keep(): Promise<CalibrationState> {
    const result = this.#result;
    if (!result) throw new FailureError('not_found', 'There is no calibration to keep.');
    await keepCalibrated(this.#folder, result.fingerprint, result.profile);
    this.#desk.readings.forget(); // its level may be another's now
    return this.discard();
  }

  async discard(): Promise<CalibrationState> {
    this.#result = undefined;
    if (!this.#job) this.#tell({ state: 'idle' });
    return this.#changed();
  }

  async reset(): Promise<CalibrationState> {
    const { models, settings } = this.#desk;
    const { card } = await models.choose(settings.read().modelId);
    if (card.info) await forgetCalibrated(this.#folder, card.info.fingerprint);
    this.#desk.readings.forget();
    return this.#changed();
  }

  #changed(): Promise<CalibrationState> {
    this.#events.emit({ type: 'models' });
    this.#desk.readings.levelChanged();
    return this.state();
  }

  #measuring = false;

  async #work(job: Job): Promise<void> {
    const { signal } = job.controller;
    let ended: CalibrationRun = { state: 'idle' };
    try {
      const result = await this.#desk.lane.run(signal, () => this.#measure(job));
      this.#result = result;
      if (result) {
        ended = { state: 'done', modelTitle: result.modelTitle, profile: result.profile };
      } else if (job.lost) ended = { state: 'idle', failure: job.lost };
    } catch (error) {
      ended = { state: 'idle', failure: failureOf(error) };
    } finally {
      this.#measuring = false;
      this.#job = undefined;
      this.#tell(ended);
    }
  }

  /** Inside the lane. What the engine had read is gone from the first step on. */
  async #measure(job: Job): Promise<Result | undefined> {
    const { signal } = job.controller;
    const { loaded, host, readings, settings, models } = this.#desk;
    const { facts } = job.order;
    const chosen = await models.choose(settings.read().modelId);
    const measurements = chosen.profile.levels.length + 1;
    const report = new Report(job, chosen.card.title, measurements, (run) => this.#tellSoon(run));
    this.#tell(report.run);
    report.enter({ kind: 'loading', done: 0, total: 0 });
    const ready = await unlessAborted(signal, loaded.ensure());
    if (!ready) return undefined;
    this.#measuring = true;
    readings.forget();
    const { model, info, limit } = ready;
    const { text, title } = job;
    const wanted = { text, title, tokens: job.order.tokens, facts, delta };
    const request = calibrationRequest(ready, limit, wanted);
    const profile = await calibrate(host, request, signal, report);
    const { fingerprint } = info;
    return profile && { fingerprint, modelTitle: model.card.title, profile };
  }

  #tell(run: CalibrationRun): void {
    this.#run = run;
    this.#toldAt = performance.now();
    this.#events.emit({ type: 'calibration', run });
  }

  #tellSoon(run: CalibrationRun): void {
    const same = nameOfStep(run) === nameOfStep(this.#run);
    this.#run = run;
    if (!same || performance.now() - this.#toldAt >= quietMs) this.#tell(run);
  }
}

const nameOfStep = (run: CalibrationRun) =>
  run.state === 'running' ? `${run.step.kind} ${run.step.level} ${run.levels.length}` : run.state;

/** A calibration as the window sees it. */
class Report implements CalibrationListeners {
  readonly #about: { modelTitle: string; text: string; tokens: number; facts: number };
  readonly #progress: CalibrationProgress;
  readonly #tell: (run: CalibrationRun) => void;
  readonly #levels: MeasuredLevel[] = [];

  constructor(
    { order, title }: Job,
    modelTitle: string,
    measurements: number,
    tell: (run: CalibrationRun) => void,
  ) {
    const { tokens, facts } = order;
    this.#about = { modelTitle, text: title, tokens, facts };
    this.#progress = new CalibrationProgress(measurements, facts);
    this.#tell = tell;
  }

  get run(): CalibrationRun {
    return { state: 'running', ...this.#about, ...this.#progress.now, levels: [...this.#levels] };
  }

  enter(step: Parameters<CalibrationProgress['enter']>[0]): void {
    this.#progress.enter(step);
    this.#tell(this.run);
  }

  onPlan(measurements: number): void {
    this.#progress.plan(measurements);
  }

  onDrift({ tokensDone: done, tokensTotal: total }: { tokensDone: number; tokensTotal: number }) {
    this.enter({ kind: 'drift', done, total });
  }

  onReading(level: number, step: { tokensDone: number; tokensTotal: number }): void {
    const { tokensDone: done, tokensTotal: total } = step;
    if (done < total) this.enter({ kind: 'reading', level, done, total });
    else this.onAnswer(level, 0, this.#about.facts);
  }

  onAnswer(level: number, done: number, total: number): void {
    this.enter({ kind: 'asking', level, done, total });
  }

  onLevel(measured: MeasuredLevel): void {
    this.#levels.push(measured);
    this.#tell(this.run);
  }
}
