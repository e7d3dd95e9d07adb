// Puts a popover under its button, or over it where there is more room, and always inside the window.

const gapPx = 4;
const edgePx = 8;

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function spotFor(
  button: Box,
  size: { width: number; height: number },
  view: { width: number; height: number },
): { left: number; top: number } {
  const below = view.height - button.bottom - gapPx - edgePx;
  const above = button.top - gapPx - edgePx;
  const top =
    size.height <= below || below >= above
      ? button.bottom + gapPx
      : Math.max(edgePx, button.top - gapPx - size.height);
  const fromLeft = button.left + size.width <= view.width - edgePx;
  const left = fromLeft ? button.left : button.right - size.width;
  return { left: Math.max(edgePx, left), top };
}

export function placeBelow(popover: HTMLElement, button: HTMLElement): void {
  const { left, top } = spotFor(button.getBoundingClientRect(), popover.getBoundingClientRect(), {
    width: window.innerWidth,
    height: window.innerHeight,
  });
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
}
