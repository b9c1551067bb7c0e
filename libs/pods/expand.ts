/**
 * Replaces `$(NAME)` by the variable's value. `$$` is a literal `$`, so that `$$(NAME)` stays `$(NAME)`; a reference to
 * an unknown variable stays as it is. Source: Kubernetes documentation, "Define dependent environment variables".
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  if (!text.includes('$')) return text;
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, after: string, name: string | undefined) => {
    if (after === '$') return '$';
    return variables.get(name ?? '') ?? whole;
  });
}

/** The first reference to an unknown variable; where subPathExpr may have none. */
export function unknownVariable(text: string, variables: ReadonlyMap<string, string>): string | undefined {
  for (const match of text.matchAll(/\$(\$|\(([^()]*)\))/g)) {
    if (match[1] !== '$' && !variables.has(match[2] ?? '')) return match[2];
  }
  return undefined;
}
