// Numbers, sizes, times and dates as people read them in the language of the window. Always short.

interface Formats {
  locale: string;
  integers: Intl.NumberFormat;
  oneDigit: Intl.NumberFormat;
  compact: Intl.NumberFormat;
  timeOfDay: Intl.DateTimeFormat;
  dayAndMonth: Intl.DateTimeFormat;
  fullDate: Intl.DateTimeFormat;
  days: Intl.RelativeTimeFormat;
  plurals: Intl.PluralRules;
}

const formatsOf = (locale: string): Formats => {
  const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;
  const day = { day: 'numeric', month: 'short' } as const;
  return {
    locale,
    integers: new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }),
    oneDigit: new Intl.NumberFormat(locale, oneDigit),
    compact: new Intl.NumberFormat(locale, {
      notation: 'compact',
      compactDisplay: 'long',
      ...oneDigit,
    }),
    timeOfDay: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }),
    dayAndMonth: new Intl.DateTimeFormat(locale, day),
    fullDate: new Intl.DateTimeFormat(locale, { ...day, year: 'numeric' }),
    days: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
    plurals: new Intl.PluralRules(locale),
  };
};

let formats = formatsOf('en-GB');

/** From now on everything is written as in `locale`. */
export function writeAsIn(locale: string): void {
  formats = formatsOf(locale);
}

export const count = (value: number): string => formats.integers.format(Math.round(value));

/** 3.14 with as many digits as said. */
export const decimal = (value: number, digits: number): string =>
  value.toLocaleString(formats.locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });

/** "1 page", "312 pages": the forms a language has, by the names Intl gives them. */
export function plural(
  n: number,
  forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string },
): string {
  return `${count(n)} ${forms[formats.plurals.select(n)] ?? forms.other}`;
}

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
  const digits =
    unit === 0 || size >= 99.95 ? formats.integers.format(size) : formats.oneDigit.format(size);
  return `${digits} ${units[unit]}`;
}

/** 27.8 million, 8.0 billion: parameters of a model. */
export const parameters = (value: number): string =>
  value < 1e6 ? count(value) : formats.compact.format(value);

/** 0.8 s, 31 s, 2 min 05 s, 1 h 04 min. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${formats.oneDigit.format(Math.max(0, seconds))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Rounded the way an estimate deserves: no false precision. Null while it cannot be told. */
export function eta(seconds: number | null): string | null {
  if (seconds === null || !Number.isFinite(seconds)) return null;
  if (seconds < 10) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

export function speed(tokensPerSecond: number): string {
  if (!Number.isFinite(tokensPerSecond) || tokensPerSecond <= 0) return '–';
  return tokensPerSecond < 9.95 ? formats.oneDigit.format(tokensPerSecond) : count(tokensPerSecond);
}

const dayMs = 86_400_000;
/** "3 May 2025". */
export const date = (day: Date): string => formats.fullDate.format(day);

const withCapital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "14:05" today, "Yesterday", "3 May", "3 May 2025". */
export function when(time: number, now = Date.now()): string {
  const date = new Date(time);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return formats.timeOfDay.format(date);
  if (time >= midnight - dayMs) return withCapital(formats.days.format(-1, 'day'));
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return (sameYear ? formats.dayAndMonth : formats.fullDate).format(date);
}
