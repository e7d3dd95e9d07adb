// Which of the two shells `npm start` opens, and why.

const browserOnly = ['--browser', '--no-open', '--port', '--help', '-h'];

/** {shell, why}: which shell to start, and the reason to print. */
export function chooseShell(args, surroundings) {
  const { electron, platform, env, isRoot } = surroundings;
  const asked = browserOnly.find((flag) =>
    args.some((a) => a === flag || a.startsWith(`${flag}=`)),
  );
  if (asked) return { shell: 'browser', why: `${asked} was given` };
  if (!electron) {
    return {
      shell: 'browser',
      why: 'Electron’s program is not installed ("npx install-electron" downloads it)',
    };
  }
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) {
    return { shell: 'browser', why: 'there is no display for Electron' };
  }
  if (platform === 'linux' && isRoot) {
    return { shell: 'browser', why: 'Electron’s sandbox does not run as root' };
  }
  return { shell: 'electron', why: 'its program is installed' };
}
