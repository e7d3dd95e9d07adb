// Files dragged over the window, told apart from dragged text and links. A drag enters and leaves every element
// it crosses; counting the two tells when it has left the window.

const carriesFiles = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes('Files') ?? false;

export interface DropHandlers {
  onover(over: boolean): void;
  onfiles(files: File[]): void;
}

export function fileDrop(target: Window, { onover, onfiles }: DropHandlers): () => void {
  let depth = 0;
  const listeners = {
    dragenter(event: DragEvent) {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth += 1;
      if (depth === 1) onover(true);
    },
    dragleave(event: DragEvent) {
      if (!carriesFiles(event)) return;
      depth -= 1;
      if (depth === 0) onover(false);
    },
    dragover(event: DragEvent) {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = 'copy';
    },
    drop(event: DragEvent) {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      onover(false);
      onfiles([...(event.dataTransfer?.files ?? [])]);
    },
  };
  for (const [name, listener] of Object.entries(listeners))
    target.addEventListener(name, listener as EventListener);
  return () => {
    for (const [name, listener] of Object.entries(listeners))
      target.removeEventListener(name, listener as EventListener);
  };
}
