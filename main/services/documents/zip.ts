// Reads DOCX and EPUB packages without trusting what they say about themselves: entries, sizes and ratios are
// checked as declared and again while inflating.
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { FailureError } from '../../contract/index.js';
import { maxZipEntries, maxZipInflatedBytes, maxZipRatio, zipRatioFloorBytes } from './limits.js';

export class Package {
  private readonly entries = new Map<string, Entry>();
  private declaredBytes = 0;
  private inflatedBytes = 0;

  private constructor(
    private readonly zip: ZipFile,
    readonly fileName: string,
  ) {}

  static async open(bytes: Buffer, fileName: string): Promise<Package> {
    let opened: Package;
    try {
      const zip = await fromBufferPromise(bytes, { lazyEntries: true, validateEntrySizes: true });
      opened = new Package(zip, fileName);
      if (zip.entryCount > maxZipEntries) throw opened.bomb(`holds ${zip.entryCount} files`);
      for await (const entry of zip.eachEntry()) opened.admit(entry);
    } catch (error) {
      if (error instanceof FailureError) throw error;
      throw damagedPackage(fileName);
    }
    return opened;
  }

  private admit(entry: Entry): void {
    this.entries.set(entry.fileName, entry);
    if (this.entries.size > maxZipEntries) throw this.bomb('holds too many files');
    this.declaredBytes += entry.uncompressedSize;
    if (this.declaredBytes > maxZipInflatedBytes) throw this.bomb('unpacks to more than 1 GiB');
    this.checkRatio(entry.uncompressedSize, entry.compressedSize);
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** The entry's bytes; undefined when there is none of that name. */
  async read(name: string): Promise<Buffer | undefined> {
    const entry = this.entries.get(name);
    if (!entry) return undefined;
    const chunks: Buffer[] = [];
    await this.inflate(entry, (chunk) => chunks.push(chunk));
    return Buffer.concat(chunks);
  }

  /** Inflates everything once and keeps nothing: afterwards another reader may be let near. */
  async verify(onProgress: (fraction: number) => void): Promise<void> {
    let done = 0;
    for (const entry of this.entries.values()) {
      await this.inflate(entry, () => {});
      onProgress(++done / this.entries.size);
    }
    this.inflatedBytes = 0;
  }

  private async inflate(entry: Entry, onChunk: (chunk: Buffer) => void): Promise<void> {
    if (entry.isEncrypted()) throw protectedPackage(this.fileName);
    let entryBytes = 0;
    try {
      for await (const chunk of await this.zip.openReadStreamPromise(entry)) {
        const bytes = chunk as Buffer;
        entryBytes += bytes.length;
        this.inflatedBytes += bytes.length;
        this.checkRatio(entryBytes, entry.compressedSize);
        if (this.inflatedBytes > maxZipInflatedBytes) throw this.bomb('unpacks to more than 1 GiB');
        onChunk(bytes);
      }
    } catch (error) {
      if (error instanceof FailureError) throw error;
      throw damagedPackage(this.fileName);
    }
  }

  private checkRatio(inflated: number, compressed: number): void {
    if (inflated > zipRatioFloorBytes && inflated > compressed * maxZipRatio) {
      throw this.bomb(`unpacks to more than ${maxZipRatio} times its size`);
    }
  }

  private bomb(what: string): FailureError {
    return new FailureError(
      'document_too_large',
      `“${this.fileName}” ${what}. No document is built like that, and opening it could fill the memory.`,
      'If you trust it, open it in its own program and save it as a PDF.',
    );
  }
}

export function damagedPackage(fileName: string): FailureError {
  return new FailureError(
    'document_damaged',
    `“${fileName}” is damaged: parts of it cannot be unpacked.`,
    'Get a fresh copy of the file; this one may have been cut short while it was copied.',
  );
}

function protectedPackage(fileName: string): FailureError {
  return new FailureError(
    'document_encrypted',
    `“${fileName}” is protected with a password.`,
    'Save a copy without the password and import that.',
  );
}
