// Aggregation: the words that come up most often in a long list. After RULER's (arXiv 2404.06654): ten common
// words among many rare ones, and the three commonest of words that follow a power law.

const onsets = 'b,br,c,cl,d,f,fl,g,gr,h,k,l,m,n,p,pl,r,s,st,t,tr,v,w'.split(',');
const vowels = 'a,e,i,o,u,ea,ou'.split(',');
const codas = 'n,r,l,st,m,rd,ck,x'.split(',');

/** Made-up words, all different. */
function coin(draw, many) {
  const words = new Set();
  while (words.size < many) {
    const syllables = draw.whole(2, 3);
    let word = '';
    for (let i = 0; i < syllables; i++) word += draw.one(onsets) + draw.one(vowels);
    words.add(word + draw.one(codas));
  }
  return [...words];
}

/** Entries of the list that fit, by a sample's tokens. */
async function entriesIn(haystack, words, room) {
  const sample = words.slice(0, 200).map((word, i) => `${i + 10_000}. ${word} `);
  const tokens = await haystack.count(sample.join(''));
  return Math.floor((room * 0.97 * sample.length) / tokens);
}

const numbered = (words) => words.map((word, i) => `${i + 1}. ${word}`).join(' ');

async function common(draw, haystack, room) {
  const supply = coin(draw, 400);
  const entries = await entriesIn(haystack, supply, room);
  // Thirty times and three times; in short lists less often, so that rare words still make up half.
  const often = Math.min(30, Math.floor(entries / 20));
  const seldom = Math.min(3, Math.floor(often / 3));
  const rare = Math.max(10, Math.floor((entries - 10 * often) / seldom));
  const words = [...new Set([...supply, ...coin(draw, rare + 10)])].slice(0, rare + 10);
  const answers = words.slice(0, 10);
  const list = words.flatMap((word, i) => Array(i < 10 ? often : seldom).fill(word));
  const question = 'What are the ten words that come up most often in the list above?';
  return { text: numbered(draw.shuffled(list)), items: [{ question, answers, depth: null }] };
}

async function frequent(draw, haystack, room) {
  const words = coin(draw, 2000);
  const entries = await entriesIn(haystack, words, room);
  const weights = words.map((_, i) => 1 / (i + 1) ** 2);
  const total = weights.reduce((sum, each) => sum + each, 0);
  const list = words.flatMap((word, i) =>
    Array(Math.round((entries * weights[i]) / total)).fill(word),
  );
  const question = 'What are the three words that come up most often in the list above?';
  const answers = words.slice(0, 3);
  return { text: numbered(draw.shuffled(list)), items: [{ question, answers, depth: null }] };
}

export const wordTasks = {
  'common-words': { title: 'Ten common words', make: common },
  'frequent-words': { title: 'Three most frequent words', make: frequent },
};
