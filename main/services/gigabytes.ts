/** For sentences about disks: "4.7 GB", a gigabyte being 10^9 bytes. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
