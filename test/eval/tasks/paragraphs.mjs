// Questions about one made-up life among very many that read alike. Everything is invented, so that no model
// knows it from elsewhere.

const firsts =
  'Marta,Edwin,Clara,Tobias,Irene,Anselm,Beatrix,Conrad,Delia,Emeric,Flora,Gideon,Hester,Ivo,Jonas,Lydia'.split(
    ',',
  );
const lasts =
  'Ellory,Vance,Harkness,Penrose,Aldane,Corvin,Massey,Thorne,Wexley,Brandt,Lorne,Ashby,Quill,Draper,Fenn,Hale'.split(
    ',',
  );
const towns =
  'Venn,Orlby,Castermouth,Hallow Bridge,Sarn,Ketterby,Dunmarsh,Pell,Norwick,Ost,Tarrow,Lindale,Graymere,Fallow,Brack'.split(
    ',',
  );
const crafts =
  'clockmaker,surveyor,botanist,printer,engraver,physician,shipwright,astronomer,glassblower,cartographer'.split(
    ',',
  );
const works =
  'the tide tables,the stone bridge,a star atlas,the town archive,the salt works,a herbal,the signal tower'.split(
    ',',
  );

function lives(draw, many) {
  const names = draw.shuffled(firsts.flatMap((first) => lasts.map((last) => `${first} ${last}`)));
  return names.slice(0, many).map((name) => {
    const [birth, home] = draw.some(towns, 2);
    const born = draw.whole(1702, 1880);
    return { name, birth, home, born, craft: draw.one(crafts), work: draw.one(works) };
  });
}

const tell = ({ name, birth, home, born, craft, work }) =>
  `${name} was born in ${birth} in ${born}. Trained as a ${craft}, ${name} moved to ${home} and is remembered ` +
  `there for ${work}. The house of the family still stands, though nothing of the workshop is left.`;

const questions = [
  ({ name, birth }) => ({ question: `In which town was ${name} born?`, answers: [birth] }),
  ({ name, home }) => ({ question: `To which town did ${name} move?`, answers: [home] }),
  ({ name, craft }) => ({ question: `What was ${name} trained as?`, answers: [craft] }),
  ({ name, born }) => ({ question: `In which year was ${name} born?`, answers: [String(born)] }),
];

async function distractors(draw, haystack, room, many) {
  const all = lives(draw, Math.min(firsts.length * lasts.length, Math.floor(room / 120)));
  const { text, depths } = await haystack.hide(draw, all.map(tell), room);
  const asked = draw.some([...all.keys()], many).sort((a, b) => a - b);
  const items = asked.map((i, n) => ({
    ...questions[n % questions.length](all[i]),
    depth: depths[i],
  }));
  return { text, items };
}

export const paragraphTasks = {
  distractors: { title: 'Question among paragraphs alike', make: distractors },
};
