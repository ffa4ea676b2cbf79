import type { ReactNode } from 'react';
import { Checkbox } from './checkbox.tsx';
import { SortHeader } from './sort-header.tsx';

interface Order<Key extends string> {
  sort: Key;
  descending: boolean;
}

interface SelectableHeadProps<Key extends string> {
  columns: readonly { key: Key; label: string; className?: string | undefined }[];
  order: Order<Key>;
  onOrder: (order: Partial<Order<Key>>) => void;
  /** Figures start with their largest value, words with A. */
  downFirst: readonly Key[];
  selectAllLabel: string;
  rowCount: number;
  chosenCount: number;
  onSelectAll: (chosen: boolean) => void;
  /** Heads of columns that nothing is sorted by. */
  children: ReactNode;
}

/** The head of a table whose rows are chosen and sorted. */
export function SelectableHead<Key extends string>(props: SelectableHeadProps<Key>) {
  const { columns, order, onOrder, downFirst, rowCount, chosenCount } = props;
  const sortBy = (key: Key) =>
    onOrder(
      key === order.sort ? { descending: !order.descending } : { sort: key, descending: downFirst.includes(key) },
    );
  return (
    <thead>
      <tr className="border-line border-b bg-raised/60 text-muted text-xs">
        <th scope="col" className="w-9 py-2 pl-3 align-middle sm:w-10 sm:pl-4">
          <Checkbox
            label={props.selectAllLabel}
            checked={chosenCount > 0 && chosenCount === rowCount}
            indeterminate={chosenCount > 0 && chosenCount < rowCount}
            onChange={props.onSelectAll}
          />
        </th>
        {columns.map(({ key, label, className }) => (
          <SortHeader
            key={key}
            label={label}
            active={order.sort === key}
            descending={order.descending}
            onSort={() => sortBy(key)}
            className={className}
          />
        ))}
        {props.children}
      </tr>
    </thead>
  );
}
