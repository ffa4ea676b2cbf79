interface NameChipsProps {
  names: readonly { key: string; name: string }[];
  /** Of those that are not shown. */
  moreText: (count: number) => string;
}

const namesShown = 8;

/** What a question is about, by name. */
export function NameChips({ names, moreText }: NameChipsProps) {
  return (
    <ul className="mt-3 flex flex-wrap gap-1">
      {names.slice(0, namesShown).map(({ key, name }) => (
        <li key={key} className="max-w-full truncate rounded-sm bg-raised px-1.5 py-0.5 font-medium text-ink text-sm">
          {name}
        </li>
      ))}
      {names.length > namesShown && <li className="px-1.5 py-0.5 text-sm">{moreText(names.length - namesShown)}</li>}
    </ul>
  );
}
