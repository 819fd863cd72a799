import { readdirSync, readFileSync } from 'node:fs';

const fallback = 'http://deb.debian.org/debian';

/**
 * The Debian archive that this machine itself installs from, so that the lab works behind a company's mirror, too.
 * Anything but a Debian machine (GitHub's runners are Ubuntu) gets deb.debian.org.
 */
export function debianMirror(etc = '/etc'): string {
  if (!/^ID=debian$/m.test(read(`${etc}/os-release`))) return fallback;
  const found = [`${etc}/apt/sources.list`, ...listed(`${etc}/apt/sources.list.d`)].flatMap((file) =>
    file.endsWith('.sources') ? deb822Uris(read(file)) : oneLineUris(read(file)),
  );
  return found[0] ?? fallback;
}

/** Codenames of the suites in which Debian's main archive appears; a security or third-party archive has others. */
const mainSuite = /(^|\s)(bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)(\s|$)/;

function deb822Uris(text: string): string[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'mi').exec(stanza)?.[1] ?? '';
    const usable = /\bdeb\b/.test(field('Types')) && mainSuite.test(field('Suites')) && !/^no$/i.test(field('Enabled'));
    return usable && /\bmain\b/.test(field('Components')) ? field('URIs').split(/\s+/).slice(0, 1) : [];
  });
}

function oneLineUris(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite, components] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const usable = uri !== undefined && mainSuite.test(suite ?? '') && /\bmain\b/.test(components ?? '');
    return usable ? [uri] : [];
  });
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(sources|list)$/.test(name))
      .sort()
      .map((name) => `${folder}/${name}`);
  } catch {
    return []; // a machine without that folder has its sources elsewhere, or none
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
