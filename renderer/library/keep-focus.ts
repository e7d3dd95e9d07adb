// Keeps the keyboard's place in a list whose entries come and go: when the entry that had the focus is taken
// away, the one that moves up gets it, else the last one left.
import type { Attachment } from 'svelte/attachments';

export const keepFocus: Attachment<HTMLElement> = (list) => {
  let entry: Element | undefined;
  let index = -1;
  const onFocus = ({ target }: FocusEvent) => {
    entry = [...list.children].find((each) => each.contains(target as Node));
    index = entry ? [...list.children].indexOf(entry) : -1;
  };
  const observer = new MutationObserver(() => {
    if (!entry || entry.isConnected || document.activeElement !== document.body) return;
    const next = list.children[index] ?? list.lastElementChild;
    next?.querySelector<HTMLElement>('button')?.focus();
  });
  list.addEventListener('focusin', onFocus);
  observer.observe(list, { childList: true });
  return () => {
    list.removeEventListener('focusin', onFocus);
    observer.disconnect();
  };
};
