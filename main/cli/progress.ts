// Progress on stderr: one line written over itself on a terminal, else a plain line now and then.
import type { WriteStream } from 'node:tty';

/** Between two lines where nothing can be overwritten: logs should stay short. */
const plainEveryMs = 10_000;
/** On a terminal: faster than anybody reads, slow enough to cost nothing. */
const redrawEveryMs = 80;

export class Progress {
  private drawn = 0;
  private stage: string | undefined;
  private visible = false;

  constructor(
    private readonly stream: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>,
    private readonly quiet: boolean,
  ) {}

  /** The first word names the stage; a new one is shown at once. */
  update(text: string): void {
    if (this.quiet) return;
    const now = performance.now();
    const stage = text.split(' ', 1)[0];
    const wait = this.stream.isTTY ? redrawEveryMs : plainEveryMs;
    if (stage === this.stage && now - this.drawn < wait) return;
    this.stage = stage;
    this.drawn = now;
    if (!this.stream.isTTY) {
      this.stream.write(`${text}\n`);
      return;
    }
    const width = Math.max(20, (this.stream.columns || 80) - 1);
    this.stream.write(`\r\x1b[2K${text.slice(0, width)}`);
    this.visible = true;
  }

  /** Takes the line away, so that other words can be written. */
  clear(): void {
    if (this.visible) this.stream.write('\r\x1b[2K');
    this.visible = false;
  }

  /** A line that stays. */
  note(text: string): void {
    if (this.quiet) return;
    this.clear();
    this.stream.write(`${text}\n`);
  }
}
