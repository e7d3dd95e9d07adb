/** Lengths of text offered for a calibration: what fits of these, else whatever the model holds. */
export function calibrationLengths(mostTokens: number): number[] {
  const lengths = [4096, 16_384, 32_768, 65_536, 131_072].filter((each) => each <= mostTokens);
  // A context of 131,072 has room for a little less beside a question: still worth offering whole.
  const largest = lengths.at(-1) ?? 0;
  if (mostTokens >= 512 && (largest === 0 || mostTokens >= largest * 1.5)) lengths.push(mostTokens);
  return lengths;
}
