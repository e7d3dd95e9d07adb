// Variable tracking: which names hold a value, through chains of assignments scattered over the text. After
// RULER's (arXiv 2404.06654); a second chain of another value is there to be left out.

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const hops = 4;

function names(draw, many) {
  const found = new Set();
  while (found.size < many) {
    found.add(Array.from({ length: 5 }, () => draw.one(letters)).join(''));
  }
  return [...found];
}

const chain = (variables, value) =>
  variables.map((name, i) => `VAR ${name} = ${i === 0 ? value : `VAR ${variables[i - 1]}`}.`);

async function tracing(draw, haystack, room) {
  const all = names(draw, 2 * (hops + 1));
  const wanted = all.slice(0, hops + 1);
  const value = draw.code();
  const other = chain(all.slice(hops + 1), draw.code());
  // Both in order, one after the other at every step.
  const inserts = chain(wanted, value).flatMap((line, i) => [line, other[i]]);
  const { text } = await haystack.hide(draw, inserts, room);
  const question = `Which variables have the value ${value}? List the names of all of them.`;
  return { text, items: [{ question, answers: wanted, depth: null }] };
}

export const tracingTasks = { tracking: { title: 'Variable tracking', make: tracing } };
