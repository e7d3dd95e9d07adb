// The window's state as a whole: creates the stores, brings events to them, and holds what concerns several.
import { createContext } from 'svelte';
import type { AppEvent, Bridge, DocumentSummary } from '../main/contract/index.js';
import { ChatStore } from './chat/chat.svelte.js';
import { ForecastStore } from './chat/forecast.svelte.js';
import { FindStore } from './documents/find.svelte.js';
import { ViewerStore } from './documents/viewer.svelte.js';
import { Imports } from './library/imports.svelte.js';
import { LibraryStore } from './library/library.svelte.js';
import { SearchStore } from './library/search.svelte.js';
import { CalibrationStore } from './settings/calibration.svelte.js';
import { EngineStore } from './settings/engine.svelte.js';
import { SavedReadingsStore } from './settings/saved-readings.svelte.js';
import { SettingsStore } from './settings/settings.svelte.js';
import { words } from './strings/index.js';
import { assertNever } from './ui/assert-never.js';
import { Notices } from './ui/notices.svelte.js';
import { readRoute, writeRoute } from './ui/route.js';

export type SettingsSection = 'model' | 'reading' | 'storage' | 'answers' | 'appearance' | 'about';

export class AppStore {
  readonly notices = new Notices();
  readonly settings: SettingsStore;
  readonly engine: EngineStore;
  readonly savedReadings: SavedReadingsStore;
  readonly library: LibraryStore;
  readonly search: SearchStore;
  readonly imports: Imports;
  readonly chat: ChatStore;
  readonly viewer: ViewerStore;
  readonly find: FindStore;
  readonly forecast: ForecastStore;
  readonly calibration: CalibrationStore;
  connected = $state(true);
  ready = $state(false);
  /** The section of the settings dialog; null while it is closed. */
  settingsOpen = $state<SettingsSection | null>(null);
  shortcutsOpen = $state(false);
  /** The window is too narrow for the library to stand beside the rest: it slides over it when asked for. */
  libraryDrawer = $state(false);
  /** A narrow window shows one thing at a time: an open document covers the conversation. */
  onePane = false;
  /** Only matters while the library is such a drawer. */
  libraryOpen = $state(false);

  constructor(readonly bridge: Bridge) {
    this.settings = new SettingsStore(bridge, this.notices);
    this.engine = new EngineStore(bridge, this.settings, this.notices);
    this.savedReadings = new SavedReadingsStore(bridge, this.notices);
    this.library = new LibraryStore(bridge, this.notices);
    this.search = new SearchStore(bridge);
    this.imports = new Imports(bridge);
    this.chat = new ChatStore(bridge, this.notices);
    this.viewer = new ViewerStore(bridge);
    this.find = new FindStore(bridge, this.viewer);
    this.forecast = new ForecastStore(bridge);
    this.calibration = new CalibrationStore(bridge, this.notices);
    bridge.onEvent((event) => this.receive(event));
    bridge.onConnection((connected) => this.#connection(connected));
  }

  async start(): Promise<void> {
    try {
      await this.#loadAll();
      this.ready = true;
      const notice = this.engine.info?.notice;
      if (notice) this.notices.failure(notice);
      await this.followRoute();
    } catch (error) {
      this.notices.catch(error);
    }
  }

  receive(event: AppEvent): void {
    switch (event.type) {
      case 'engine':
      case 'models':
      case 'downloads':
        this.engine.receive(event);
        if (event.type !== 'downloads') this.calibration.changed();
        if (event.type === 'engine' && event.status.state === 'ready') this.chat.context.refresh();
        return;
      case 'settings':
        this.settings.value = event.settings;
        this.chat.context.refresh();
        return;
      case 'library':
        this.library
          .load()
          .then(() => this.#takeTitle())
          .catch(this.notices.catch);
        return;
      case 'readings':
        this.savedReadings.changed();
        return;
      case 'calibration':
        this.calibration.receive(event.run);
        return;
      case 'importing':
        this.imports.receive(event.progress);
        return;
      case 'reading':
      case 'reading-state':
      case 'turn':
      case 'token':
      case 'evidence':
        this.chat.receive(event);
        return;
      default:
        assertNever(event);
    }
  }

  async openConversation(conversationId: string): Promise<void> {
    if (this.chat.id === conversationId) return this.#close();
    try {
      this.#leave();
      await this.chat.open(conversationId);
      writeRoute({ conversationId });
      this.#close();
      // What was read before comes from disk without being asked for.
      if (this.chat.state?.reading.status === 'saved') await this.chat.startReading();
    } catch (error) {
      this.notices.catch(error);
      this.home();
    }
  }

  async newConversation(documentIds: string[] = []): Promise<void> {
    try {
      const { id } = await this.bridge.call('conversations.create', { documentIds });
      await this.openConversation(id);
    } catch (error) {
      this.notices.catch(error);
    }
  }

  /** A copy of a conversation, or of its beginning up to a turn, on screen. */
  async duplicate(conversationId: string, upTo?: string): Promise<void> {
    const title = this.library.conversation(conversationId)?.title || words.library.untitled;
    try {
      const copy = words.library.copyOf(title).slice(0, 200);
      const call = { conversationId, upTo, title: copy };
      const { id } = await this.bridge.call('conversations.duplicate', call);
      await this.library.load();
      await this.openConversation(id);
    } catch (error) {
      this.notices.catch(error);
    }
  }

  /** Takes a passage into the question, in a new conversation when none is open. */
  async askAbout(documentId: string, passage: string): Promise<void> {
    if (this.chat.id === null) await this.newConversation([documentId]);
    else if (!this.chat.documentIds.includes(documentId)) await this.addDocuments([documentId]);
    if (this.onePane) this.viewer.close();
    this.chat.quote(passage);
  }

  home(): void {
    this.#leave();
    this.chat.close();
    writeRoute({ conversationId: null });
    this.#close();
  }

  /** A model that was dropped stays where it is; a browser does not tell where that is. */
  async #addModel(file: File): Promise<void> {
    try {
      const path = this.bridge.pathOf(file);
      if (path === null) return this.notices.info(words.settings.models.pathUnknown);
      const { title, failure } = await this.engine.add(path);
      if (failure) this.notices.failure({ code: 'bad_model', ...failure });
      else this.notices.info(words.settings.models.added(title));
    } catch (error) {
      this.notices.catch(error);
    }
  }

  /** Adds files to the conversation on screen, or opens a new one for them, and starts reading. */
  async importFiles(files: readonly File[]): Promise<void> {
    const models = files.filter(({ name }) => /\.gguf$/i.test(name));
    for (const model of models) await this.#addModel(model);
    const papers = files.filter((file) => !models.includes(file));
    if (papers.length === 0) return;
    const conversationId = this.chat.id;
    const documents = await this.imports.add(papers);
    if (documents.length > 0)
      await this.#takeIn(documents, conversationId).catch(this.notices.catch);
  }

  /** What was imported into the conversation that was on screen then. */
  async #takeIn(
    documents: readonly DocumentSummary[],
    conversationId: string | null,
  ): Promise<void> {
    const ids = documents.map((document) => document.id);
    await this.library.load();
    // The user may have gone elsewhere meanwhile; then the documents just wait in the library.
    if (this.chat.id !== conversationId) return this.#tellAdded(documents);
    this.#tellKnown(documents, this.chat.documentIds);
    if (conversationId === null) await this.newConversation(ids);
    else await this.addDocuments(ids);
    if (this.chat.path.length === 0) await this.chat.startReading();
  }

  #tellAdded(documents: readonly DocumentSummary[]): void {
    for (const { title } of documents) this.notices.info(words.library.importing.done(title));
  }

  /** The same file again changes nothing; without a word that would look like a failure. */
  #tellKnown(documents: readonly DocumentSummary[], here: readonly string[]): void {
    const seen = new Set(here);
    const known = documents.filter(({ id }) => seen.size === seen.add(id).size);
    const { known: one, knownMany: many } = words.library.importing;
    if (known.length === 1) this.notices.info(one(known[0]!.title));
    else if (known.length > 1) this.notices.info(many(known.length));
  }

  async addDocuments(ids: readonly string[]): Promise<void> {
    await this.chat.setDocuments([...new Set([...this.chat.documentIds, ...ids])]);
  }

  async followRoute(): Promise<void> {
    const { conversationId } = readRoute();
    if (conversationId === this.chat.id) return;
    if (conversationId === null) this.home();
    else await this.openConversation(conversationId);
  }

  async #loadAll(): Promise<void> {
    const { settings, engine, library, calibration } = this;
    await Promise.all([settings.load(), engine.load(), library.load(), calibration.load()]);
  }

  /** An empty conversation that is left behind was only ever a blank sheet. */
  #leave(): void {
    const { id, empty, draft } = this.chat;
    if (id !== null && empty && draft === '')
      this.library.removeForGood(id).catch(this.notices.catch);
  }

  #close(): void {
    this.libraryOpen = false;
  }

  /** The first question, and another tab, give a conversation a title while it is on screen. */
  #takeTitle(): void {
    const { id, state } = this.chat;
    const title = id === null ? undefined : this.library.conversation(id)?.title;
    if (title !== undefined && title !== state?.conversation.title) this.chat.renamed(title);
  }

  #connection(connected: boolean): void {
    const returned = connected && !this.connected;
    this.connected = connected;
    if (!returned) return;
    Promise.all([this.#loadAll(), this.chat.reopen()]).catch(this.notices.catch);
  }
}

export const [getApp, setApp] = createContext<AppStore>();
