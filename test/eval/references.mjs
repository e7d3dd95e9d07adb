// Do an answer's references point to where it comes from? By the app's own code: quotations found word for word,
// then places where the model looked. A place is hit when it lies on the same stretch of 3,000 characters, a page.
import { source } from './sources.mjs';

const { lookedAt } = await source('main/engine/looked-at.ts');
const { findEvidence } = await source('main/services/evidence.ts');
const { lookedPlaces } = await source('main/services/looked-places.ts');

const pageCharacters = 3000;
const page = (place) => Math.floor(place / pageCharacters);
const shown = 3;

/** Rank of the first reference that touches the page of `at`, from 0; null when none does. */
function rankOf(references, at) {
  const rank = references.findIndex(
    ({ start, end }) => page(start) <= page(at) && page(end) >= page(at),
  );
  return rank < 0 ? null : rank;
}

/**
 * `document`: its tokens, those of the text from `first` on; `attention`: (heads, document.length) as generate()
 * tells it; `at`: where in the text the answer stands. How many places were quoted, and whether the page of `at`
 * is among the first three references, and among the first three by attention alone.
 */
export function judge(engine, { text, document, first }, { reply, attention }, at) {
  const characters = (to) => engine.detokenize(document.subarray(first, to)).length;
  const looked = lookedAt(attention, document.length, [{ start: first, end: document.length }]).map(
    ({ start, end, share }) => ({
      index: 0,
      start: characters(start),
      end: characters(end),
      share,
    }),
  );
  const documents = [{ id: 'document', text, anchors: [] }];
  const quoted = findEvidence(reply, documents);
  const places = (known) => lookedPlaces(looked, documents, known, reply.length);
  const among = (references) => rankOf(references.slice(0, shown), at) !== null;
  return {
    quoted: quoted.length,
    among: among([...quoted, ...places(quoted)]),
    alone: among(places([])),
  };
}
