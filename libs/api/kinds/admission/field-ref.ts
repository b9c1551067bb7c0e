/**
 * The pieces of a path in the template language of kubectl's jsonpath output: what is passed over, filters, brackets,
 * quoted texts, descents and fields, numbers, words. Each begins in its own way, so that none is tried twice.
 */
const piece = new RegExp(
  [
    '[ @$]',
    String.raw`\[\?\((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'\n])*?\)\]`,
    String.raw`\[(?!\?\()(?<bracket>[^\]\n]*)\]`,
    String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`,
    String.raw`(?!\.{4})\.{1,2}(?:\\.|[^\s.,[\]$@{}\\])*`,
    String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?![\d.])`,
    String.raw`[\p{L}_][^\s.,[\]$@{}]*`,
  ].join('|'),
  'uy',
);

/** An item, a range of items, all of them, or a member by its name. */
const inBracket = /^(?:\*|'[^']*'|(?:-?\d+)?(?::(?:-?\d+)?){0,2})$/;

/** Whether a text is a path such as `spec.validations[0].expression`. What filters compare is not looked at. */
export function isFieldPath(text: string): boolean {
  for (let at = 0; at < text.length; at = piece.lastIndex) {
    piece.lastIndex = at;
    const found = piece.exec(text);
    if (!found) return false;
    const parts = found.groups?.bracket?.split(',') ?? [];
    if (!parts.every((part) => inBracket.test(part.trim()))) return false;
  }
  return true;
}
