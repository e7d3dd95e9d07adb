// What does not fit, on the scripted bridge: every document has 16,021 tokens, evenly over its anchors.
import type {
  AnchorRange,
  ContextUse,
  DocumentRanges,
  DocumentSummary,
  FittingChoices,
  LabelledRange,
} from '../../main/contract/index.js';
import { anchorsOf } from './fake-data.js';

const perDocument = 16_021;

function tokensOf(document: DocumentSummary, range: AnchorRange | null | undefined): number {
  const share = range ? (range.to - range.from) / document.anchorCount : 1;
  return Math.round(perDocument * share);
}

export function labelled(document: DocumentSummary, { from, to }: AnchorRange): LabelledRange {
  const anchors = anchorsOf(document);
  return { from, to, first: anchors[from]!.label, last: anchors[to - 1]!.label };
}

/** `use` as if nothing had been left out, with the ranges left out. */
export function withRanges(
  use: ContextUse,
  documents: DocumentSummary[],
  ranges: DocumentRanges,
): ContextUse {
  const counts = use.documents.map(({ documentId }) => {
    const document = documents.find(({ id }) => id === documentId)!;
    return { documentId, tokens: tokensOf(document, ranges[documentId]) };
  });
  const sum = (of: { tokens: number }[]) => of.reduce((all, { tokens }) => all + tokens, 0);
  const total = use.total - sum(use.documents) + sum(counts);
  return { ...use, documents: counts, total, fits: total <= use.limit };
}

export function fittingChoices(use: ContextUse, documents: DocumentSummary[]): FittingChoices {
  const over = Math.max(0, use.total - use.limit);
  if (over === 0) return { over, documents: [], ranges: [], models: [] };
  const ranges = use.documents.flatMap(({ documentId, tokens }) => {
    const document = documents.find(({ id }) => id === documentId)!;
    const to = Math.floor(((tokens - over) / perDocument) * document.anchorCount);
    if (to < 1) return [];
    const range = labelled(document, { from: 0, to });
    return [{ documentId, range, tokens: tokensOf(document, range) }];
  });
  return {
    over,
    documents:
      use.documents.length > 1
        ? use.documents.map((each) => ({ ...each, enough: each.tokens >= over }))
        : [],
    ranges,
    models: [{ modelId: 'llama', title: 'Llama 3.1 8B Instruct', contextTokens: 131_072 }],
    q8: 23_800,
  };
}
