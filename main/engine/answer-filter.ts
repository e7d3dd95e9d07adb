// What of a model's words is the answer. White space before it goes, and so does a block of thoughts it may
// begin with: the next turn's prompt repeats answers without their thoughts, as the models' own templates do.
const blocks = [
  ['<think>', '</think>'],
  ['[THINK]', '[/THINK]'],
  ['<thought>', '</thought>'],
] as const;

export class AnswerFilter {
  readonly #show: (text: string) => void;
  #held = '';
  #ending: string | undefined;
  #begun = false;

  constructor(show: (text: string) => void) {
    this.#show = show;
  }

  push(text: string): void {
    if (this.#begun) {
      if (text !== '') this.#show(text);
      return;
    }
    this.#held += text;
    this.#advance(false);
  }

  /** The model has said all it will. */
  finish(): void {
    if (!this.#begun) this.#advance(true);
  }

  #advance(last: boolean): void {
    if (this.#ending !== undefined) {
      const at = this.#held.indexOf(this.#ending);
      if (at < 0) return;
      this.#held = this.#held.slice(at + this.#ending.length);
      this.#ending = undefined;
    }
    const rest = this.#held.trimStart();
    for (const [start, end] of blocks) {
      if (rest.startsWith(start)) {
        this.#ending = end;
        this.#held = rest.slice(start.length);
        return this.#advance(last);
      }
      if (!last && start.startsWith(rest)) return; // an empty rest too: the block may yet come
    }
    this.#begun = true;
    this.#held = '';
    if (rest !== '') this.#show(rest);
  }
}
