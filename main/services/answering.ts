// Questions and their answers: one at a time. A question waits for a reading under way; Stop gives up the
// waiting, the reading of this turn, or the answer. Whatever happens, the turn ends in the library in a state
// that says what became of it.
import {
  FailureError,
  type Evidence,
  type ReadStats,
  type Turn,
  type TurnStats,
} from '../contract/index.js';
import { unlessAborted } from './abort.js';
import { AnswerLog } from './answer-log.js';
import type { AppEvents } from './app-events.js';
import { documentTokens, refuseUnlessFits } from './context.js';
import type { Desk } from './desk.js';
import type { Answered } from './engine-host.js';
import { excerptsOf, type Excerpt } from './excerpts.js';
import { failureOf } from './failures.js';
import { findEvidenceHeads } from './evidence-heads.js';
import type { TurnOutcome } from './library/turns.js';
import { historyOf } from './prompts.js';

interface Running {
  turn: Turn;
  controller: AbortController;
  log: AnswerLog;
  pressedAt: number;
  firstTextAt: number | undefined;
  finished: Promise<void>;
}

/** The places in documents that an answer rests on. */
export type EvidenceIn = (
  answer: string,
  excerpts: readonly Excerpt[],
  looked: Answered['looked'],
) => Evidence[];

export class Answering {
  readonly #desk: Desk;
  readonly #events: AppEvents;
  readonly #evidenceIn: EvidenceIn;
  #running: Running | undefined;

  constructor(desk: Desk, events: AppEvents, evidenceIn: EvidenceIn) {
    this.#desk = desk;
    this.#events = events;
    this.#evidenceIn = evidenceIn;
  }

  ask(conversationId: string, question: string): Turn {
    this.refuseWhileBusy();
    const { conversations, turns } = this.#desk;
    const conversation = conversations.get(conversationId);
    const last = turns.path(conversationId).at(-1);
    const turn = turns.add(conversationId, last?.id ?? null, question);
    if (conversation.turnCount === 0) {
      conversations.suggestTitle(conversationId, titleFrom(question), true);
    }
    return this.#begin(turn);
  }

  regenerate(turnId: string): Turn {
    return this.edit(turnId, this.#desk.turns.get(turnId).question);
  }

  /** A branch: the turn and what followed it stay, beside the new one. */
  edit(turnId: string, question: string): Turn {
    this.refuseWhileBusy();
    const { conversationId, parentId } = this.#desk.turns.get(turnId);
    return this.#begin(this.#desk.turns.add(conversationId, parentId, question));
  }

  /** Nothing happens when the turn is not being answered (any more). */
  async stop(turnId: string): Promise<void> {
    if (this.#running?.turn.id !== turnId) return;
    this.#running.controller.abort();
    await this.#running.finished;
  }

  async stopIn(conversationId: string): Promise<void> {
    const running = this.#running;
    if (running?.turn.conversationId === conversationId) await this.stop(running.turn.id);
  }

  async close(): Promise<void> {
    if (this.#running) await this.stop(this.#running.turn.id);
  }

  get conversationId(): string | undefined {
    return this.#running?.turn.conversationId;
  }

  refuseWhileBusy(): void {
    if (!this.#running) return;
    throw new FailureError(
      'busy',
      'Longleaf is still answering another question.',
      'Wait until it has finished, or stop it.',
    );
  }

  #begin(turn: Turn): Turn {
    const running: Running = {
      turn,
      controller: new AbortController(),
      log: new AnswerLog(this.#desk.turns, turn.id),
      pressedAt: performance.now(),
      firstTextAt: undefined,
      finished: Promise.resolve(),
    };
    this.#running = running;
    this.#desk.conversations.touch(turn.conversationId);
    this.#events.emit({ type: 'turn', turn });
    this.#events.emit({ type: 'library' });
    running.finished = this.#run(running);
    return turn;
  }

  async #run(running: Running): Promise<void> {
    let outcome: TurnOutcome;
    try {
      outcome = await this.#answer(running);
      running.log.end();
    } catch (error) {
      outcome = { state: 'failed', answer: running.log.text, failure: failureOf(error) };
    }
    this.#running = undefined;
    this.#finish(running.turn, outcome);
  }

  /** The turn is told as failed when it cannot be written, so that the window never waits for ever. */
  #finish(turn: Turn, outcome: TurnOutcome): void {
    const { turns, conversations } = this.#desk;
    try {
      turns.finish(turn.id, outcome);
      conversations.touch(turn.conversationId);
      const finished = turns.find(turn.id);
      if (finished) this.#events.emit({ type: 'turn', turn: finished });
    } catch (error) {
      const failed = { ...turn, ...outcome, state: 'failed', failure: failureOf(error) } as const;
      this.#events.emit({
        type: 'turn',
        turn: { ...failed, cut: false, evidence: outcome.evidence ?? [] },
      });
    }
    this.#events.emit({ type: 'library' });
  }

  async #answer(running: Running): Promise<TurnOutcome> {
    const { turn, controller, log } = running;
    const { lane, readings, conversations, saved } = this.#desk;
    const { documentIds, ranges } = conversations.get(turn.conversationId);
    const excerpts = excerptsOf({ documentIds, ranges });
    readings.setWaiting({ conversationId: turn.conversationId, turnId: turn.id });
    saved.yieldTo(excerpts);
    const waited = () => readings.setWaiting(undefined);
    const work = async () => {
      waited();
      return this.#askEngine(running, excerpts);
    };
    const asked = await lane.run(controller.signal, work).finally(waited);
    if (!asked) return { state: 'stopped', answer: log.text };
    const { answered, model } = asked;
    const evidence = this.#evidenceIn(log.text, excerpts, answered.looked);
    if (evidence.length > 0) this.#events.emit({ type: 'evidence', turnId: turn.id, evidence });
    return {
      state: answered.reason === 'cancelled' ? 'stopped' : 'done',
      answer: log.text,
      cut: answered.reason === 'length' || answered.reason === 'context_full',
      stats: { ...statsOf(answered, running, model), documentIds, ranges },
      evidence,
    };
  }

  /** Undefined: stopped before the engine was asked. */
  async #askEngine(
    running: Running,
    excerpts: readonly Excerpt[],
  ): Promise<{ answered: Answered; model: string } | undefined> {
    const { turn, controller } = running;
    const { loaded, context, documents, host, readings, settings, turns } = this.#desk;
    const { signal } = controller;
    const ready = await unlessAborted(signal, loaded.ensure());
    if (!ready) return undefined;
    const history = historyOf(turns.pathTo(turn.id).slice(0, -1));
    const { replyTokens, level, ...chosen } = settings.read();
    const asked = { excerpts, turns: history, question: turn.question, replyTokens };
    const use = await unlessAborted(signal, context.measure(ready, asked));
    if (!use) return undefined;
    refuseUnlessFits(use);
    const { style, profile, card } = ready.model;
    const { modelsFolder } = this.#desk;
    const { temperature, topK, topP, minP, repetitionPenalty } = chosen;
    const seed = chosen.seed + (temperature > 0 ? turn.sibling : 0);
    const request = {
      prompt: {
        style,
        documents: documents.withText(excerpts),
        turns: history,
        question: turn.question,
      },
      level: level ?? profile.defaultLevel,
      profile,
      sampling: { temperature, topK, topP, minP, repetitionPenalty, seed },
      maxTokens: replyTokens,
      watch: excerpts.length > 0 ? await findEvidenceHeads(ready.model, modelsFolder) : [],
    };
    const job = {
      conversationId: turn.conversationId,
      turnId: turn.id,
      excerpts,
      level: request.level,
      documentTokens: documentTokens(use),
      ready,
      signal,
    };
    const onToken = (text: string) => this.#show(running, text);
    const answered = await readings.track(job, (listeners, reading) =>
      host.ask({ ...request, reading }, signal, { ...listeners, onToken }),
    );
    return { answered, model: card.title };
  }

  #show(running: Running, text: string): void {
    if (text === '') return;
    const { turn, log } = running;
    if (running.firstTextAt === undefined) {
      running.firstTextAt = performance.now();
      this.#desk.turns.setAnswering(turn.id);
      this.#events.emit({ type: 'turn', turn: { ...turn, state: 'answering' } });
    }
    log.append(text);
    const { conversationId, id: turnId } = turn;
    this.#events.emit({ type: 'token', conversationId, turnId, text });
  }
}

function statsOf(answered: Answered, running: Running, model: string): TurnStats {
  const { promptTokens, reusedTokens, readTokens, seconds, level, keptFraction }: ReadStats =
    answered.stats;
  const firstTextAt = running.firstTextAt ?? performance.now();
  return {
    promptTokens,
    reusedTokens,
    readTokens,
    readSeconds: seconds,
    firstTokenSeconds: (firstTextAt - running.pressedAt) / 1000,
    answerTokens: answered.answerTokens,
    answerSeconds: answered.answerSeconds,
    level,
    keptFraction,
    restoredTokens: answered.stats.restored?.tokens,
    model,
  };
}

/** The first line of a question, cut at a word. */
export function titleFrom(question: string): string {
  const line = question.trim().split('\n', 1)[0]?.replace(/\s+/g, ' ') ?? '';
  if (line.length <= 72) return line || 'Conversation';
  const cut = line.slice(0, 72);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 40))}…`;
}
