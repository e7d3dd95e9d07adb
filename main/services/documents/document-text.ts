// Collects the blocks of a document into one text, with the sections its headings open.
import { FailureError, type ParsedDocument } from '../../contract/index.js';
import { partAnchors, sectionAnchors, type Section } from './anchors.js';
import { maxTextCharacters } from './limits.js';
import { normaliseText, oneLine } from './normalise.js';

/** A paragraph, heading, list item or table row. */
export interface Block {
  text: string;
  heading: boolean;
  /** Follows the block before it on the next line, not after an empty one: list items, table rows. */
  tight: boolean;
  /** Fragment identifiers that point at this block. */
  ids: string[];
}

export function textTooLarge(fileName: string): FailureError {
  return new FailureError(
    'document_too_large',
    `“${fileName}” holds more than ${(maxTextCharacters / 1e6).toFixed(0)} million characters of text, more than Longleaf takes in one document.`,
    'Split it into several documents.',
  );
}

export class DocumentText {
  private readonly pieces: string[] = [];
  private readonly sections: Section[] = [];
  private length = 0;
  private pendingLabel: string | undefined;
  /** The present section was opened by a table of contents and holds no more than headings so far. */
  private bare = false;
  firstHeading: string | undefined;

  constructor(private readonly fileName: string) {}

  /** A section named by a table of contents: headings that follow at once are part of it. */
  openSection(label: string): void {
    this.pendingLabel = oneLine(label);
    this.bare = true;
  }

  add(block: Block): void {
    const text = normaliseText(block.text)
      .replace(/[ \t]+\n/g, '\n')
      .replace(/^\n+|\s+$/g, '');
    if (text === '') return;
    if (this.length > 0) this.append(block.tight ? '\n' : '\n\n');
    if (this.pendingLabel) this.sections.push({ label: this.pendingLabel, start: this.length });
    this.pendingLabel = undefined;
    if (block.heading) {
      this.firstHeading ??= oneLine(text, 200);
      if (!this.bare) this.sections.push({ label: oneLine(text), start: this.length });
    } else {
      this.bare = false;
    }
    this.append(text);
  }

  private append(piece: string): void {
    this.length += piece.length;
    if (this.length > maxTextCharacters) throw textTooLarge(this.fileName);
    this.pieces.push(piece);
  }

  finish(): Pick<ParsedDocument, 'text' | 'anchorKind' | 'anchors'> {
    const text = this.pieces.join('');
    const anchors =
      this.sections.length === 0
        ? partAnchors(text)
        : sectionAnchors(text, this.sections, 'Beginning');
    return { text, anchorKind: 'section', anchors };
  }
}
