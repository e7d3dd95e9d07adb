// Quotation: a sentence of a real book, word for word, from how it begins.

const sentences = (paragraph) =>
  paragraph.match(/[A-Z][^.!?]*[.!?]/g)?.map((each) => each.trim()) ?? [];

/** Long enough to be a sentence, short enough to be an answer, and plain: no quotation within it. */
const quotable = (sentence) =>
  sentence.length >= 60 && sentence.length <= 220 && !/[“”"‘_—\d]/.test(sentence);

const beginning = (sentence) => sentence.split(' ').slice(0, 6).join(' ');

async function quotation(draw, haystack, room, many) {
  const hay = await haystack.fill(draw, room);
  const text = hay.join('\n\n');
  const once = (words) => text.indexOf(words) === text.lastIndexOf(words);
  const candidates = hay.flatMap(sentences).filter((each) => quotable(each));
  // What repeats is repeated whole: the beginning must lead to one sentence only.
  const different = new Map(candidates.map((each) => [beginning(each), each]));
  const clear = [...different].filter(
    ([start, sentence]) => once(start) || text.split(start).length === text.split(sentence).length,
  );
  const items = draw.some(clear, many).map(([start, sentence]) => ({
    question: `Quote the sentence that begins with “${start}”.`,
    answers: [sentence],
    depth: text.indexOf(sentence) / text.length,
  }));
  return { text, items };
}

export const quoteTasks = { quotation: { title: 'Quotation from a book', make: quotation } };
