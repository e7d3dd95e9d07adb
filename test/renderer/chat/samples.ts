// Turns, conversations and answers of the app to build tests from.
import type { Conversation, Evidence, Turn } from '../../../main/contract/index.js';
import type { ChatState } from '../../../renderer/chat/reduce.js';

export const turn = (id: string, more: Partial<Turn> = {}): Turn => ({
  id,
  conversationId: 'c1',
  parentId: null,
  question: `Question ${id}`,
  answer: '',
  state: 'answering',
  cut: false,
  evidence: [],
  createdAt: 0,
  sibling: 0,
  siblingIds: [id],
  ...more,
});

export const conversation = (path: Turn[], more: Partial<Conversation> = {}): Conversation => ({
  id: 'c1',
  title: 'Ferry',
  documentIds: ['d1'],
  turnCount: path.length,
  createdAt: 0,
  updatedAt: 0,
  path,
  ...more,
});

export const chatState = (path: Turn[], more: Partial<ChatState> = {}): ChatState => ({
  conversation: conversation(path),
  reading: { conversationId: 'c1', status: 'unread' },
  progress: null,
  readingFailure: null,
  ...more,
});

export const evidence = (answerStart: number, answerEnd: number): Evidence => ({
  documentId: 'd1',
  start: 0,
  end: answerEnd - answerStart,
  answerStart,
  answerEnd,
  anchorLabel: 'Page 1',
});
