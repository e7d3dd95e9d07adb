// Chance that is the same on every run: a generator seeded by words, and what tasks draw from it.

/** A generator of numbers in [0, 1) from any text (FNV-1a, then mulberry32). */
export function generator(seed) {
  let state = 2166136261;
  for (const character of String(seed)) {
    state = Math.imul(state ^ character.codePointAt(0), 16777619) >>> 0;
  }
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What tasks draw. */
export class Draw {
  constructor(seed) {
    this.next = generator(seed);
  }
  /** A whole number from low to high, both included. */
  whole(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  one(list) {
    return list[Math.floor(this.next() * list.length)];
  }
  shuffled(list) {
    const all = [...list];
    for (let i = all.length - 1; i > 0; i--) {
      const j = Math.floor(this.next() * (i + 1));
      [all[i], all[j]] = [all[j], all[i]];
    }
    return all;
  }
  /** `many` different ones. */
  some(list, many) {
    return this.shuffled(list).slice(0, many);
  }
  /** Five digits. */
  code() {
    return String(this.whole(10000, 99999));
  }
}
