// DOCX: the package is checked entry by entry, then mammoth turns it into HTML and the HTML into text.
import mammoth from 'mammoth';
import { FailureError, type ParsedDocument } from '../../contract/index.js';
import { DocumentText } from './document-text.js';
import { htmlBlocks } from './html.js';
import { chooseTitle } from './title.js';
import { xmlTags, xmlText } from './xml.js';
import { damagedPackage, type Package } from './zip.js';

export async function parseDocx(
  bytes: Buffer,
  contents: Package,
  onProgress: (fraction: number) => void,
): Promise<ParsedDocument> {
  const { fileName } = contents;
  await contents.verify((fraction) => onProgress(fraction * 0.3));
  const html = await toHtml(bytes, fileName);
  onProgress(0.7);
  const { blocks } = htmlBlocks(html);
  onProgress(0.9);
  const text = new DocumentText(fileName);
  for (const block of blocks) text.add(block);
  const core = await contents.read('docProps/core.xml');
  const ownTitle = core && xmlText(xmlTags(core.toString('utf8')), 'title');
  return {
    kind: 'docx',
    title: chooseTitle([ownTitle, text.firstHeading], fileName),
    ...text.finish(),
    warnings: pictureWarnings(contents),
  };
}

async function toHtml(bytes: Buffer, fileName: string): Promise<string> {
  try {
    const { value } = await mammoth.convertToHtml(
      { buffer: bytes },
      {
        convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: '' })),
        styleMap: ["p[style-name='Title'] => h1:fresh"],
        externalFileAccess: false,
      },
    );
    return value;
  } catch (error) {
    if (error instanceof FailureError) throw error;
    throw damagedPackage(fileName);
  }
}

function pictureWarnings(contents: Package): string[] {
  const count = contents.names.filter((name) => /^word\/media\/./.test(name)).length;
  if (count === 0) return [];
  return [count === 1 ? 'One picture was not read.' : `${count} pictures were not read.`];
}
