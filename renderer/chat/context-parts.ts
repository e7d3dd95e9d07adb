// The context meter's sums: parts in the order they stand in the prompt, as fractions of the limit.
import type { ContextUse } from '../../main/contract/index.js';

export type PartName = 'documents' | 'history' | 'question' | 'template' | 'reply';

export interface Part {
  name: PartName;
  tokens: number;
  /** Of the bar's width. The bar is as long as the larger of limit and total. */
  width: number;
  /** Where the part begins, of the bar's width. */
  start: number;
}

export interface Meter {
  parts: Part[];
  total: number;
  limit: number;
  fits: boolean;
  /** Tokens too many, or 0. */
  over: number;
  free: number;
  /** Where the limit stands, of the bar's width; 1 when everything fits. */
  limitAt: number;
}

export function meterOf(use: ContextUse): Meter {
  const documents = use.documents.reduce((sum, each) => sum + each.tokens, 0);
  const tokens: [PartName, number][] = [
    ['documents', documents],
    ['template', use.template],
    ['history', use.history],
    ['question', use.question],
    ['reply', use.reply],
  ];
  const scale = Math.max(use.limit, use.total, 1);
  let start = 0;
  const parts = tokens.map(([name, value]) => {
    const part = { name, tokens: value, width: value / scale, start };
    start += part.width;
    return part;
  });
  return {
    parts,
    total: use.total,
    limit: use.limit,
    fits: use.fits,
    over: Math.max(0, use.total - use.limit),
    free: Math.max(0, use.limit - use.total),
    limitAt: use.limit / scale,
  };
}

export type Remedy = 'shorten-question' | 'new-conversation' | 'remove-documents' | 'shorter-reply';

/** The smallest thing that would make it fit, in the order a reader would rather give it up. */
export function remedyFor(use: ContextUse): Remedy | null {
  if (use.fits) return null;
  const over = use.total - use.limit;
  if (use.question > over && use.question > 64) return 'shorten-question';
  if (use.history > over) return 'new-conversation';
  if (use.reply - 128 > over) return 'shorter-reply';
  return 'remove-documents';
}
