import { date } from '../ui/format.js';

export const exporting = {
  menu: 'Take away',
  markdown: 'Save as Markdown',
  html: 'Save as HTML',
  pdf: 'Print or save as PDF',
  documents: 'Documents',
  quoted: 'quoted word for word',
  looked: 'looked at',
  made: (day: Date) => `Made with Longleaf, ${date(day)}.`,
};
