import { isLabel, isPrintableButEquals, isSubdomain, isWord } from './letters.ts';

/**
 * The shapes of names that the API knows. Each function answers with what is wrong with a value, one complaint per
 * broken condition; clients see one cause per complaint, so their number matters.
 */
export type NameCheck = (value: string) => readonly string[];

const NOTHING: readonly string[] = [];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const LABEL_OR_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;

const wildcardSubdomain = new RegExp(`^\\*\\.${SUBDOMAIN}$`);
const subdomainWithUnderscore = new RegExp(`^${LABEL_OR_UNDERSCORE}(\\.${LABEL_OR_UNDERSCORE})*$`);
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

function shape(max: number, pattern: RegExp | ((value: string) => boolean), what: string): NameCheck {
  const fits = pattern instanceof RegExp ? (value: string) => pattern.test(value) : pattern;
  const tooLong = `must be no more than ${max} characters`;
  const wrongShape = [what];
  return (value) => {
    if (value.length <= max) return fits(value) ? NOTHING : wrongShape;
    return fits(value) ? [tooLong] : [tooLong, what];
  };
}

/** A DNS label of RFC 1123: at most 63 of a-z, 0-9 and '-'. */
export const dnsLabel = shape(
  63,
  isLabel,
  "must be lower-case letters, digits and '-', with a letter or digit at both ends",
);

/** Dot-separated DNS labels, at most 253 characters: the usual shape of an object's name. */
export const dnsSubdomain = shape(253, isSubdomain, 'must be lower-case DNS labels separated by dots');

export const dnsSubdomainWithUnderscore = shape(
  253,
  subdomainWithUnderscore,
  "must be lower-case DNS labels, which may hold '_', separated by dots",
);

/** A DNS label of RFC 1035: starts with a letter. */
export const dns1035Label = shape(63, label1035, "must be lower-case letters, digits and '-' and start with a letter");

export const wildcardDnsSubdomain = shape(253, wildcardSubdomain, "must be '*.' and a DNS subdomain");

/** Names that are compared as path segments only, such as those of roles. */
export const pathSegment: NameCheck = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  if (!value.includes('/') && !value.includes('%')) return NOTHING;
  const found: string[] = [];
  for (const character of ['/', '%']) if (value.includes(character)) found.push(`may not contain '${character}'`);
  return found;
};

/** An optional DNS subdomain and '/', and a word: keys of labels and annotations, names of resources and finalizers. */
export const qualifiedName: NameCheck = (value) => {
  if (isUsualQualifiedName(value)) return NOTHING;
  const parts = value.split('/');
  if (parts.length > 2) return ["must be a word with an optional DNS subdomain and '/' before it"];
  const found: string[] = [];
  const name = parts[parts.length - 1]!;
  if (parts.length === 2) {
    if (parts[0] === '') found.push('the prefix must not be empty');
    else for (const complaint of dnsSubdomain(parts[0]!)) found.push(`the prefix ${complaint}`);
  }
  if (name === '') found.push('the name must not be empty');
  else if (name.length > 63) found.push('the name must be no more than 63 characters');
  if (!isWord(name)) found.push("the name must be letters, digits, '-', '_' and '.'");
  return found;
};

function isUsualQualifiedName(value: string): boolean {
  const slash = value.indexOf('/');
  if (slash < 0) return value.length <= 63 && isWord(value);
  return (
    value.length - slash <= 64 && slash <= 253 && isWord(value.slice(slash + 1)) && isSubdomain(value.slice(0, slash))
  );
}

/** Empty, or at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends. */
export const labelValue: NameCheck = (value) => (value === '' ? NOTHING : filledLabelValue(value));

const filledLabelValue = shape(63, isWord, "must be letters, digits, '-', '_' and '.', or empty");

const usualPortName = /^[a-z][a-z0-9]{0,14}$/;

/** The name of a port: at most 15 of a-z, 0-9 and '-', at least one letter (RFC 6335). */
export const portName: NameCheck = (value) => {
  if (usualPortName.test(value)) return NOTHING;
  const found: string[] = [];
  if (value.length > 15) found.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value)) found.push("must be letters (a-z), digits and '-'");
  if (!/[a-z]/.test(value)) found.push('must contain at least one letter (a-z)');
  if (value.includes('--')) found.push("must not contain '--'");
  if (value.startsWith('-') || value.endsWith('-')) found.push("must not begin or end with '-'");
  return found;
};

/** The name of an environment variable: printable ASCII other than '='. */
export const environmentName: NameCheck = (value) =>
  isPrintableButEquals(value) ? NOTHING : ["must be printable ASCII characters other than '='"];

/** A key of a ConfigMap or Secret: a file name. */
export const configKey: NameCheck = (value) => {
  const found = [...configKeyShape(value)];
  if (value === '.' || value === '..') found.push(`must not be '${value}'`);
  else if (value.startsWith('..')) found.push("must not start with '..'");
  return found;
};

const configKeyShape = shape(253, /^[-._a-zA-Z0-9]+$/, "must be letters, digits, '-', '_' and '.'");

export const httpHeaderName: NameCheck = (value) =>
  /^[-A-Za-z0-9]+$/.test(value) ? NOTHING : ["must be letters, digits and '-'"];

export const percentage: NameCheck = (value) =>
  /^[0-9]+%$/.test(value) ? NOTHING : ["must be a whole number and '%'"];

/** A domain of at least two segments; a trailing dot is allowed. */
export const fullyQualifiedName: NameCheck = (value) => {
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const complaints = dnsSubdomain(name);
  if (complaints.length > 0) return [complaints.join(', ')];
  const labels = name.split('.');
  if (labels.length < 2) return ['must be at least two labels separated by a dot'];
  return labels.flatMap((part) => dnsLabel(part).slice(0, 1));
};

/** `domain/path`, such as `example.org/finalizer`. */
export const domainPrefixedPath: NameCheck = (value) => {
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) return ["must be a domain, '/' and a path"];
  const found = [...dnsSubdomain(value.slice(0, slash))];
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(value.slice(slash + 1)))
    found.push('must have the path of an URL after the domain');
  return found;
};

/** What may come before a generated suffix: as the name itself, but it may end in '-'. */
export function asPrefix(check: NameCheck): NameCheck {
  return (value) => check(value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value);
}
