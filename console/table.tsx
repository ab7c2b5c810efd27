import type { ComponentChildren } from 'preact'

/** A column: its name, and what stands in it for a row. */
export interface Column<T> {
  name: string
  isNumber?: boolean
  cell: (row: T) => ComponentChildren
}

interface TableProps<T> {
  /** What the table is of: a text, or the id of the heading that says it. */
  label: string | { id: string }
  columns: Column<T>[]
  rows: T[]
  keyOf: (row: T) => string | number
  size?: 'sm' | 'md'
  hasBorder?: boolean
}

/**
 * A table, whose frame scrolls where it is too wide. In a narrow window each row is a card that names its values; the roles are
 * written out, because a table that is laid out as something else loses its own in some browsers.
 */
export function Table<T>({ label, columns, rows, keyOf, size = 'md', hasBorder }: TableProps<T>) {
  const named =
    typeof label === 'string' ? { 'aria-label': label } : { 'aria-labelledby': label.id }
  return (
    <div class="table-frame" tabIndex={0} role="group" {...named}>
      <table
        class="ds-table"
        role="table"
        data-color="neutral"
        data-size={size}
        data-border={hasBorder}
      >
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ name, isNumber }) => (
              <th key={name} scope="col" role="columnheader" class={classOf(isNumber)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map(({ name, isNumber, cell }) => (
                <td key={name} role="cell" class={classOf(isNumber)} data-name={name}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const classOf = (isNumber = false): string | undefined => (isNumber ? 'number' : undefined)
