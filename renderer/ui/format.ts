// Numbers as people read them. Locale-aware where it matters, always short.

const locale = 'en-GB';
const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(locale, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

export const count = (value: number): string => integers.format(Math.round(value));

export const percent = (fraction: number): string => {
  const value = fraction * 100;
  // 99.6 % must not read as all of it, nor 0.3 % as nothing.
  if (value > 99 && value < 100) return '99 %';
  if (value > 0 && value < 1) return '<1 %';
  return `${Math.round(value)} %`;
};

/** 512 B, 29.8 MB, 1.5 GB (decimal, as file managers show). */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || size >= 99.95 ? integers.format(size) : oneDigit.format(size);
  return `${digits} ${units[unit]}`;
}

/** 27.8 M, 8.0 B: parameters of a model. */
export function parameters(value: number): string {
  if (value >= 1e9) return `${oneDigit.format(value / 1e9)} billion`;
  if (value >= 1e6) return `${oneDigit.format(value / 1e6)} million`;
  return count(value);
}

/** 0.8 s, 31 s, 2 min 05 s, 1 h 04 min. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${oneDigit.format(Math.max(0, seconds))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Rounded the way an estimate deserves: no false precision. Null while it cannot be told. */
export function eta(seconds: number | null): string | null {
  if (seconds === null || !Number.isFinite(seconds)) return null;
  if (seconds < 1) return 'a moment';
  if (seconds < 10) return `${Math.ceil(seconds)} s`;
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

export function speed(tokensPerSecond: number): string {
  if (!Number.isFinite(tokensPerSecond) || tokensPerSecond <= 0) return '–';
  return tokensPerSecond < 9.95 ? oneDigit.format(tokensPerSecond) : count(tokensPerSecond);
}

const dayMs = 86_400_000;
const timeOfDay = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const dayAndMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const fullDate = new Intl.DateTimeFormat(locale, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** "3 May 2025". */
export const date = (day: Date): string => fullDate.format(day);

/** "14:05" today, "Yesterday", "3 May", "3 May 2025". */
export function when(time: number, now = Date.now()): string {
  const date = new Date(time);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return timeOfDay.format(date);
  if (time >= midnight - dayMs) return 'Yesterday';
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayAndMonth : fullDate).format(date);
}
