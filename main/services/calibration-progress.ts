// How far a calibration has come, in time: readings and answers are weighed by what those before them took.
import type { CalibrationStep } from '../contract/index.js';

export interface CalibrationProgressNow {
  step: CalibrationStep;
  fraction: number;
  /** Null until a reading and an answer have been timed. */
  etaSeconds: number | null;
}

class Timed {
  count = 0;
  seconds = 0;
  add(seconds: number): void {
    this.count++;
    this.seconds += seconds;
  }
  get mean(): number | undefined {
    return this.count > 0 ? this.seconds / this.count : undefined;
  }
}

export class CalibrationProgress {
  readonly #facts: number;
  readonly #now: () => number;
  readonly #reads = new Timed();
  readonly #answers = new Timed();
  /** Levels to be measured in all, some of them with two sets of layers. */
  #measurements: number;
  #begun: number;
  #stepBegun: number;
  #fraction = 0;
  #step: CalibrationStep = { kind: 'waiting', done: 0, total: 0 };

  /** `now` in seconds. */
  constructor(measurements: number, facts: number, now = () => performance.now() / 1000) {
    this.#measurements = measurements;
    this.#facts = facts;
    this.#now = now;
    this.#begun = this.#stepBegun = now();
  }

  /** How many it is once the layers to try are known. */
  plan(measurements: number): void {
    this.#measurements = measurements;
  }

  /** Something else is being done from now on. */
  enter(step: CalibrationStep): void {
    if (step.kind === this.#step.kind && step.level === this.#step.level) {
      if (step.kind === 'asking' && step.done > this.#step.done) this.#lap(this.#answers);
    } else {
      if (this.#step.kind === 'drift' || this.#step.kind === 'reading') this.#lap(this.#reads);
      if (this.#step.kind === 'waiting' || this.#step.kind === 'loading') {
        this.#begun = this.#stepBegun = this.#now();
      }
    }
    this.#step = step;
  }

  get now(): CalibrationProgressNow {
    const left = this.#left();
    const elapsed = this.#now() - this.#begun;
    const early = this.#reads.count / (2 * (1 + this.#measurements));
    const fraction = left === null ? early : elapsed / Math.max(1e-9, elapsed + left);
    this.#fraction = Math.min(1, Math.max(this.#fraction, fraction));
    return { step: this.#step, fraction: this.#fraction, etaSeconds: left };
  }

  #lap(timed: Timed): void {
    const now = this.#now();
    timed.add(now - this.#stepBegun);
    this.#stepBegun = now;
  }

  /** Seconds. The reading that drift is measured by counts as one. */
  #left(): number | null {
    const reading = this.#reads.mean;
    const answer = this.#answers.mean;
    if (reading === undefined || answer === undefined) return null;
    const reads = 1 + this.#measurements - this.#reads.count;
    const answers = this.#measurements * this.#facts - this.#answers.count;
    const spent = this.#now() - this.#stepBegun;
    const unit = this.#step.kind === 'asking' ? answer : reading;
    return Math.max(0, reads * reading + answers * answer - Math.min(spent, unit));
  }
}
