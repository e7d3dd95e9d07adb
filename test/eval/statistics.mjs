// Means with 95 % intervals. Items about one document are not independent, so documents are what is resampled
// (percentile bootstrap, seeded); where all documents agree, which a bootstrap cannot see past, Wilson's interval
// for as many documents stands in.
import { generator } from './random.mjs';

const resamples = 1000;
const z = 1.96;

const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** Wilson's interval for `hits` of `many`. */
export function wilson(hits, many) {
  const p = hits / many;
  const middle = (p + (z * z) / (2 * many)) / (1 + (z * z) / many);
  const half =
    (z / (1 + (z * z) / many)) * Math.sqrt((p * (1 - p)) / many + (z * z) / (4 * many * many));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** groups: values from 0 to 1, by document. { mean, low, high, items, documents } */
export function estimate(groups) {
  const result = resampled(groups);
  if (result.low < result.high) return result;
  const { mean: share, documents } = result;
  const [low = 0, high = 1] = wilson(share * documents, documents);
  return { ...result, low, high };
}

/** The same of differences, from -1 to 1. Where all documents agree, as much may hide as Wilson's interval of 0 says. */
export function estimateDifference(groups) {
  const result = resampled(groups);
  if (result.low < result.high) return result;
  const [, most = 1] = wilson(0, result.documents);
  return {
    ...result,
    low: Math.max(-1, result.mean - most),
    high: Math.min(1, result.mean + most),
  };
}

/** low is high when all documents agree with each other, or there is one only. */
function resampled(groups) {
  const items = groups.reduce((sum, { length }) => sum + length, 0);
  const next = generator(`bootstrap ${items}`);
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    let many = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[Math.floor(next() * groups.length)];
      for (const value of group) sum += value;
      many += group.length;
    }
    return sum / many;
  }).sort((a, b) => a - b);
  const at = (share) => Number(means[Math.floor(resamples * share)]);
  return {
    mean: mean(groups.flat()),
    low: at(0.025),
    high: at(0.975),
    items,
    documents: groups.length,
  };
}
