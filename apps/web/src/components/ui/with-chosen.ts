/** The selection with one row in it or out of it. */
export function withChosen(selected: ReadonlySet<string>, key: string, chosen: boolean): ReadonlySet<string> {
  const next = new Set(selected);
  if (chosen) next.add(key);
  else next.delete(key);
  return next;
}
