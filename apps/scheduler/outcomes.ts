/** What became of things that were done side by side: undefined where it worked, else the error. */
export function outcomesOf(done: ReadonlyArray<Promise<void>>): Promise<Array<Error | undefined>> {
  return Promise.all(
    done.map((each) =>
      each.then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      ),
    ),
  );
}
