// A PDF as pages: pdf.js, which is loaded when the first PDF is looked at, over the app's own bridge. It asks
// for the parts of the file it needs.
import type * as pdfjs from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';
import type { Bridge, DocumentSummary } from '../../main/contract/index.js';

export type Pdf = pdfjs.PDFDocumentProxy;
export type PdfPage = pdfjs.PDFPageProxy;
export type PdfLibrary = typeof pdfjs;

export interface OpenedPdf {
  pdf: Pdf;
  library: PdfLibrary;
  close(): void;
}

/** Bytes of one request. */
const chunk = 256 * 1024;

/** Rejects when the file cannot be drawn; its text is there all the same. */
export async function openPdf(
  bridge: Bridge,
  document: Pick<DocumentSummary, 'id' | 'bytes'>,
): Promise<OpenedPdf> {
  // The beginning first: a file that is not there must not start a worker.
  const beginning = await fetchRange(bridge, document.id, 0, Math.min(chunk, document.bytes));
  const library = await import('pdfjs-dist');
  library.GlobalWorkerOptions.workerSrc = new URL(workerUrl, globalThis.location.href).href;
  const transport = transportOf(library, bridge, document, beginning);
  const folder = (name: string) => new URL(`pdfjs/${name}/`, globalThis.location.href).href;
  const task = library.getDocument({
    range: transport,
    rangeChunkSize: chunk,
    disableAutoFetch: true,
    disableStream: true,
    cMapUrl: folder('cmaps'),
    standardFontDataUrl: folder('standard_fonts'),
    // The window's policy allows no compiled code beside its own.
    useWasm: false,
    enableXfa: false,
    verbosity: library.VerbosityLevel.ERRORS,
  });
  const close = () => void task.destroy().catch(() => {});
  return { pdf: await task.promise, library, close };
}

function transportOf(
  library: PdfLibrary,
  bridge: Bridge,
  document: { id: string; bytes: number },
  beginning: Uint8Array,
) {
  class OverBridge extends library.PDFDataRangeTransport {
    override requestDataRange(begin: number, end: number): void {
      fetchRange(bridge, document.id, begin, end).then(
        (bytes) => this.onDataRange(begin, bytes),
        () => this.onDataRange(begin, null),
      );
    }
  }
  return new OverBridge(document.bytes, beginning);
}

/** In pieces the app gives at a time. */
async function fetchRange(
  bridge: Bridge,
  documentId: string,
  begin: number,
  end: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let at = begin; at < end;) {
    const { base64 } = await bridge.call('documents.original', { documentId, start: at, end });
    const piece = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    if (piece.length === 0) throw new Error('the file is shorter than it was');
    bytes.set(piece, at - begin);
    at += piece.length;
  }
  return bytes;
}

export interface OutlineEntry {
  title: string;
  depth: number;
  /** 0-based. */
  page: number;
}

/** The file's own table of contents; empty when it has none. */
export async function outlineOf(pdf: Pdf): Promise<OutlineEntry[]> {
  const entries: OutlineEntry[] = [];
  type Node = Awaited<ReturnType<Pdf['getOutline']>>[number];
  const visit = async (nodes: Node[], depth: number): Promise<void> => {
    for (const node of nodes) {
      if (entries.length >= 2000) return;
      const page = await pageOf(pdf, node.dest as string | unknown[] | null);
      if (page !== null) entries.push({ title: node.title.trim(), depth, page });
      if (depth < 6) await visit(node.items as Node[], depth + 1);
    }
  };
  await visit((await pdf.getOutline()) ?? [], 0);
  return entries;
}

async function pageOf(pdf: Pdf, dest: string | unknown[] | null): Promise<number | null> {
  try {
    const target = typeof dest === 'string' ? await pdf.getDestination(dest) : dest;
    const first: unknown = target?.[0];
    if (typeof first === 'number') return first;
    return first ? await pdf.getPageIndex(first as { num: number; gen: number }) : null;
  } catch {
    return null;
  }
}
