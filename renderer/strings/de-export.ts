import { date } from '../ui/format.js';
import type { Strings } from './en.js';

export const exporting: Strings['export'] = {
  menu: 'Exportieren',
  markdown: 'Als Markdown sichern',
  html: 'Als HTML sichern',
  pdf: 'Drucken oder als PDF sichern',
  documents: 'Dokumente',
  quoted: 'wörtlich zitiert',
  looked: 'beachtet',
  made: (day) => `Erstellt mit Longleaf, ${date(day)}.`,
};
