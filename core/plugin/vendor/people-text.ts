// Owns the text of a list of people as an adapter proposes it: in the hub's own columns, for `POST /api/v1/people-imports`.
// Must not decide who is a person; an import is tried first and then made by somebody.
import type { PeopleColumn } from '../../domain/imports/people-columns.ts'

export type PeopleLine = Partial<Record<PeopleColumn, string>>

export function peopleText(columns: readonly PeopleColumn[], lines: readonly PeopleLine[]): string {
  const rows = lines.map((line) => columns.map((column) => cell(line[column] ?? '')))
  return [columns, ...rows].map((cells) => `${cells.join(',')}\r\n`).join('')
}

/** Vendors' words must not run in the spreadsheet of whoever looks through the list; the import takes the guard off again. */
function cell(text: string): string {
  const guarded = /^[=+\-@]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
