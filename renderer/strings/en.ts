// Every word the window shows, in English, and the shape that every other language has. What the app's own side
// words in English is null here: it is shown as it came.
import type { FailureCode } from '../../main/contract/index.js';
import type { AnchorNames } from './anchor-names.js';
import { calibration, forecast, keptPlaces } from './en-calibration.js';
import { backup } from './en-backup.js';
import { chat } from './en-chat.js';
import { exporting } from './en-export.js';
import { fitting } from './en-fitting.js';
import { library } from './en-library.js';
import { readings } from './en-readings.js';
import { settings } from './en-settings.js';
import { count } from '../ui/format.js';

export const en = {
  app: {
    name: 'Longleaf',
    breath: 'Drop a long document. Longleaf reads all of it, here on your machine, and answers.',
    home: 'Home',
    skip: 'Skip to the conversation',
    showLibrary: 'Show the library',
    hideLibrary: 'Hide the library',
    showDocument: 'Show the document',
    settings: 'Settings',
    shortcuts: 'Keyboard shortcuts',
    connectionLost: 'Connection to Longleaf lost. Trying again …',
    connectionHelp: 'If Longleaf was closed, start it again and use its new link.',
    notices: 'Messages',
    dismiss: 'Dismiss',
    failed: 'Something went wrong',
    loadFailed: 'The library could not be opened.',
    retry: 'Try again',
  },
  welcome: {
    title: 'Ask a whole book',
    points: [
      [
        'Everything is read',
        'No excerpts picked in advance: the model reads the text from end to end.',
      ],
      ['Nothing is silent', 'You see how long it takes, what fits, and where an answer came from.'],
      ['It stays here', 'Documents, questions and answers never leave this machine.'],
    ],
    model: 'The model',
    can: 'What it can do',
    cannot: 'What it cannot do',
    addModel: 'Add a model of your own',
    addModelHint: 'Any Llama-type GGUF file.',
    understood: 'Understood',
    recent: 'Recent',
    /** Of the model that comes with Longleaf. */
    bundled: null as { summary: string; limits: string } | null,
  },
  document: {
    label: 'Document',
    close: 'Close the document',
    ask: 'Ask about this',
    askSelection: 'Ask about this',
    contents: 'Contents',
    showText: 'As text',
    showPages: 'As pages',
    zoom: 'Size',
    smaller: 'Smaller',
    larger: 'Larger',
    find: {
      open: 'Find in the document',
      label: 'Find in the document',
      at: (n: number, of: number, more: boolean) =>
        `${count(n)} of ${count(of)}${more ? ' or more' : ''}`,
      none: 'Not found',
      previous: 'Previous place',
      next: 'Next place',
      close: 'Close',
    },
    places: 'Places',
    placesLabel: { page: 'Pages', section: 'Sections', lines: 'Parts' },
    goTo: 'Go to',
    loading: 'Fetching the text …',
    failed: 'The text could not be fetched.',
    empty: 'There is no text here.',
    warnings: 'Worth knowing',
    evidence: 'What answers rest on',
    lookedAt: (label: string) => `Looked at, ${label}`,
    evidenceAt: (label: string) => `Quoted passage, ${label}`,
    quoted: 'Quoted in the answer',
    anchorNames: null as AnchorNames | null,
  },
  model: {
    none: 'No model',
    idle: 'Loads with the first question',
    loading: (fraction: number) => `Loading, ${Math.round(fraction * 100)} %`,
    ready: 'Ready',
    failed: 'Not loaded',
    spoken: {
      idle: '',
      loading: 'Loading the model',
      ready: 'The model is ready',
      failed: 'The model could not be loaded',
    },
  },
  shortcuts: {
    title: 'Keyboard shortcuts',
    close: 'Close',
    list: {
      import: 'Add documents',
      'new-conversation': 'New conversation',
      filter: 'Find in everything',
      settings: 'Settings',
      document: 'Show or hide the document',
      find: 'Find in the document',
      escape: 'Stop the answer, or close what is open',
      shortcuts: 'This list',
      ask: 'Ask',
      newline: 'New line in the question',
    },
    keys: { control: 'Ctrl', shift: 'Shift' },
  },
  forecast,
  keptPlaces,
  backup,
  library,
  calibration,
  chat,
  export: exporting,
  fitting,
  readings,
  settings,
  failures: null as Record<FailureCode, string> | null,
};

export type Strings = typeof en;
