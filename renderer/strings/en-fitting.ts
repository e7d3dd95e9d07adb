import { count } from '../ui/format.js';

const tokens = (n: number) => `${count(n)} ${n === 1 ? 'token' : 'tokens'}`;

/** What a document is counted in: its anchors. */
const units = {
  page: (n: number) => (n === 1 ? 'page' : 'pages'),
  section: (n: number) => (n === 1 ? 'section' : 'sections'),
  lines: (n: number) => (n === 1 ? 'part' : 'parts'),
};
type Unit = keyof typeof units;

export const fitting = {
  /** Names of the first and the last page as they are printed. */
  pages: (first: string, last: string, of: number) =>
    first === last ? `page ${first} of ${count(of)}` : `pages ${first}–${last} of ${count(of)}`,
  stretch: (first: string, last: string) => (first === last ? first : `${first} to ${last}`),
  about: 'About',
  panel: {
    label: 'What would make it fit',
    counting: 'Counting what would fit …',
    nothing: 'Nothing here would do alone: give up more than one thing.',
    tokens,
    useFirst: (n: number, of: number, unit: Unit) =>
      `Use the first ${count(n)} of ${count(of)} ${units[unit](of)}`,
    useRange: (name: string) => `Use ${name}`,
    keeps: (n: number) => `${tokens(n)} of it`,
    choose: { page: 'Choose pages …', section: 'Choose sections …', lines: 'Choose parts …' },
    leaveOut: 'Leave it out',
    frees: (n: number, enough: boolean) =>
      `frees ${tokens(n)}${enough ? '' : ', not enough alone'}`,
    model: (title: string) => `Use ${title}`,
    modelHint: (n: number) => `another model on your list, which holds ${tokens(n)}`,
    context: 'Use all the context there is room for',
    contextHint: (n: number) => `the settings keep it short; ${tokens(n)} would fit`,
    q8: 'Keep the reading in 8 bits',
    q8Hint: (n: number) => `about ${tokens(n)} then fit; answers may differ a little`,
    fresh: 'Start a new conversation',
    freshHint: (n: number) => `about the same documents; frees ${tokens(n)} of earlier turns`,
    reply: (n: number) => `Keep room for an answer of ${tokens(n)}`,
    replyHint: (n: number) => `frees ${tokens(n)}; longer answers are then cut short`,
    done: (what: string) => `Done: ${what}`,
  },
  dialog: {
    open: {
      page: (title: string) => `Choose which pages of ${title} to use`,
      section: (title: string) => `Choose which sections of ${title} to use`,
      lines: (title: string) => `Choose which parts of ${title} to use`,
    },
    title: { page: 'Which pages?', section: 'Which sections?', lines: 'Which parts?' },
    explain:
      'Only what you choose here is given to the model, in this conversation. The document itself stays whole, and you can change this at any time.',
    from: { page: 'From page', section: 'From', lines: 'From' },
    to: { page: 'To page', section: 'To', lines: 'To' },
    first: (n: number, unit: Unit) => `The first ${count(n)} ${units[unit](n)} that fit`,
    whole: 'The whole document',
    use: 'Use this part',
    useWhole: 'Use the whole document',
    cancel: 'Leave it',
    counting: 'Counting …',
    cost: (n: number) => tokens(n),
    fits: (total: number, limit: number) =>
      `It fits: ${count(total)} of ${tokens(limit)} with everything else.`,
    over: (n: number) => `Still ${tokens(n)} too many.`,
    problems: {
      empty: 'Say where the part begins and where it ends.',
      unknown: (page: string, first: string, last: string) =>
        `There is no page ${page}: they go from ${first} to ${last}.`,
      reversed: 'The part ends before it begins.',
    },
  },
};
