// Owns what a form needs that asks for a table of others: choosing or dropping the file, and which column says what.
// Must not send it, and must not check cells; the hub does.
import { h } from './elements.js'
import { choiceOf, labelled } from './form-controls.js'
import { counted } from './formats.js'
import { readTableFile, textOfFile } from './table-file.js'

/** `choose(file)`: first `{ name, reading }`, then `{ name, text, columns, rows, lines }`, or `{ name, fault }` where it cannot be read. */
async function take(file, choose) {
  const { name } = file
  // The file before it must not be sent in its place meanwhile.
  choose({ name, reading: true })
  try {
    const text = await textOfFile(file)
    choose({ name, text, ...readTableFile(text) })
  } catch (error) {
    choose({ name, fault: error.message })
  }
}

/** Another `round` makes it anew, without a file. */
export function fileField({ id, label, accept, file, choose, note, round = 0 }) {
  const field = labelled(
    id,
    label,
    (own, more) =>
      h('input', {
        id: own,
        type: 'file',
        accept,
        ...more,
        onchange: ({ target }) => target.files[0] && take(target.files[0], choose),
      }),
    file ? `${file.name}${file.rows ? `, ${counted(file.rows.length, 'row')}` : ''}` : note,
  )
  return { ...field, key: `${id} ${round}` }
}

/** Props of the element that takes a file which is let fall on it. */
export const dropZone = (choose) => ({
  ondragover: (event) => event.preventDefault(),
  ondrop(event) {
    event.preventDefault()
    const [file] = event.dataTransfer.files
    if (file) take(file, choose)
  },
})

/**
 * `fields`: `[[field, words]]`; `chosen`: by field the title of its column. A field that was not chosen is looked for under `ownName`,
 * which may differ from its own.
 */
export function mappingFields({ id, fields, columns, chosen, ownName = (field) => field, change }) {
  const has = (title) => columns.some((one) => one.toLowerCase() === title.toLowerCase())
  return h(
    'div.mapping-fields',
    fields.map(([field, words]) =>
      labelled(
        `${id}-${field}`,
        words,
        choiceOf(
          has(chosen[field] ?? '') ? chosen[field] : '',
          [
            ['', has(ownName(field)) ? `Column “${ownName(field)}”` : 'Not in the file'],
            ...[...new Set(columns)].filter((title) => title !== '').map((title) => [title, title]),
          ],
          (title) => change(withColumn(chosen, field, title)),
        ),
      ),
    ),
  )
}

function withColumn(chosen, field, title) {
  const { [field]: _, ...others } = chosen
  return title === '' ? others : { ...others, [field]: title }
}

/** Only columns that the file has: another day's report may lack one. */
export const columnsIn = (chosen, columns) =>
  Object.fromEntries(
    Object.entries(chosen).filter(([, title]) => columns.some((one) => one.toLowerCase() === title.toLowerCase())),
  )

export const commaChoice = (id, value, set) =>
  labelled(
    id,
    'Numbers are written',
    choiceOf(
      String(value),
      [
        ['false', '1,234.50'],
        ['true', '1.234,50'],
      ],
      (typed) => set(typed === 'true'),
    ),
  )
