/** What stands in ARCHITECTURE.md, and the document with its table of limits made anew. */
export function compare(): { stands: string; renewed: string };
