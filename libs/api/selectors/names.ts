/** Why a text cannot be a label's key, in words; undefined when it can. Source: API conventions, label syntax. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash >= 0) {
    const prefix = key.slice(0, slash);
    if (prefix === '') return `the part of '${key}' before '/' is empty`;
    if (prefix.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(prefix)) {
      return `the part of '${key}' before '/' must be a DNS subdomain of at most 253 characters`;
    }
  }
  if (name === '') return `a label's key must not be empty`;
  if (name.length > 63) return `the name in the label key '${key}' has more than 63 characters`;
  if (/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)) return undefined;
  return `the label key '${key}' must be letters, digits, '-', '_' and '.', with a letter or digit at both ends`;
}

/** Why a text cannot be a label's value, in words; undefined when it can. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return `the label value '${value}' has more than 63 characters`;
  if (/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value)) return undefined;
  return `the label value '${value}' must be letters, digits, '-', '_' and '.', with a letter or digit at both ends`;
}
