const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const algorithm = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*';
const pathForm = new RegExp(`^${component}(?:/${component})*$`);
const hostForm = new RegExp(`^${host}$`);
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = new RegExp(`^${algorithm}:[0-9a-fA-F]{32,}$`);
const imageId = /^[a-f0-9]{64}$/;
const NAME_LENGTH_MAX = 255;

/**
 * The tag of an image's reference: `latest` where there is neither tag nor digest, '' where there is a digest only, and
 * undefined where the text is no reference (the grammar is that of the distribution project).
 */
export function imageTag(text: string): string | undefined {
  if (imageId.test(text)) return undefined;
  const [rest = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestForm.test(digest))) return undefined;
  const slash = rest.indexOf('/');
  const first = rest.slice(0, Math.max(slash, 0));
  const hasHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (hasHost && !hostForm.test(first)) return undefined;
  const remainder = hasHost ? rest.slice(slash + 1) : rest;
  const colon = remainder.indexOf(':');
  const path = colon < 0 ? remainder : remainder.slice(0, colon);
  const tag = colon < 0 ? undefined : remainder.slice(colon + 1);
  if (!pathForm.test(path) || path.length > NAME_LENGTH_MAX) return undefined;
  if (tag !== undefined && !tagForm.test(tag)) return undefined;
  return tag ?? (digest === undefined ? 'latest' : '');
}
