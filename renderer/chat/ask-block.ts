// Why Ask cannot be pressed, in the order a user would have to clear it; null when it can.

export interface AskSituation {
  draft: string;
  connected: boolean;
  hasModel: boolean;
  answering: boolean;
  fits: boolean | null;
}

export type AskBlock = 'disconnected' | 'noModel' | 'answering' | 'tooLong' | 'empty';

export function askBlock(situation: AskSituation): AskBlock | null {
  if (!situation.connected) return 'disconnected';
  if (!situation.hasModel) return 'noModel';
  if (situation.answering) return 'answering';
  if (situation.fits === false) return 'tooLong';
  if (situation.draft.trim() === '') return 'empty';
  return null;
}
