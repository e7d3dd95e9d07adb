// Needles: made-up facts in a long text. After RULER's (arXiv 2404.06654): one key, many keys that look alike,
// several values of one key, several keys asked for at once.

const qualities =
  'gilded,hollow,northern,silent,crimson,crooked,amber,forgotten,marble,windy,narrow,ivory'.split(
    ',',
  );
const things =
  'ferry,lantern,orchard,windmill,harbour,library,viaduct,observatory,chapel,quarry,foundry,archive'.split(
    ',',
  );
const attributes = 'access code,serial number,catalogue number,locker number'.split(',');

/** Different subjects, such as "access code of the gilded ferry". */
function subjects(draw, many) {
  const all = qualities.flatMap((quality) =>
    things.flatMap((thing) =>
      attributes.map((attribute) => `${attribute} of the ${quality} ${thing}`),
    ),
  );
  return draw.some(all, many);
}

const sentence = (subject, value) => `The ${subject} is ${value}.`;
const item = (question, answers, depth) => ({ question, answers, depth });

/** Four facts far apart, each asked for by itself. */
async function single(draw, haystack, room, questions) {
  const facts = subjects(draw, questions).map((subject) => ({ subject, value: draw.code() }));
  const inserts = facts.map(({ subject, value }) => sentence(subject, value));
  const { text, depths } = await haystack.hide(draw, inserts, room);
  const items = facts.map(({ subject, value }, i) =>
    item(`What is the ${subject}?`, [value], depths[i]),
  );
  return { text, items };
}

/** One in some 400 tokens is a fact of the same form; a few of them are asked for. */
async function multiKey(draw, haystack, room, questions) {
  const many = Math.max(questions, Math.min(400, Math.floor(room / 400)));
  const facts = subjects(draw, many).map((subject) => ({ subject, value: draw.code() }));
  const inserts = facts.map(({ subject, value }) => sentence(subject, value));
  const { text, depths } = await haystack.hide(draw, inserts, room);
  const asked = draw.some([...facts.keys()], questions).sort((a, b) => a - b);
  const items = asked.map((i) =>
    item(`What is the ${facts[i].subject}?`, [facts[i].value], depths[i]),
  );
  return { text, items };
}

/** Four values of one key, all asked for. */
async function multiValue(draw, haystack, room) {
  const [subject] = subjects(draw, 1);
  const values = [draw.code(), draw.code(), draw.code(), draw.code()];
  const inserts = values.map((value) => `One ${subject} is ${value}.`);
  const { text } = await haystack.hide(draw, inserts, room);
  return { text, items: [item(`What are all the values given for the ${subject}?`, values, null)] };
}

/** Four keys asked for at once. */
async function multiQuery(draw, haystack, room) {
  const facts = subjects(draw, 4).map((subject) => ({ subject, value: draw.code() }));
  const inserts = facts.map(({ subject, value }) => sentence(subject, value));
  const { text } = await haystack.hide(draw, inserts, room);
  const names = facts.map(({ subject }) => `the ${subject}`);
  const question = `What are ${names.slice(0, -1).join(', ')} and ${names.at(-1)}?`;
  return {
    text,
    items: [
      item(
        question,
        facts.map(({ value }) => value),
        null,
      ),
    ],
  };
}

export const factTasks = {
  single: { title: 'One fact', make: single },
  'multi-key': { title: 'One fact among many alike', make: multiKey },
  'multi-value': { title: 'All values of one key', make: multiValue },
  'multi-query': { title: 'Four facts at once', make: multiQuery },
};
