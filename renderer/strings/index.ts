// The words in use. A second language would be chosen here, once, before the window is built.
import { en, type Strings } from './en.js';

export const words: Strings = en;
