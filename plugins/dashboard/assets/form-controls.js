// Owns the labelled controls of forms that are drawn with what was chosen so far.
// Must not keep what was chosen.
import { h } from './elements.js'

/** A labelled control: `control(id)` makes it. */
export const labelled = (id, label, control, note) =>
  h(
    'div.field',
    { key: id },
    h('label', { for: id }, label),
    control(id, note ? { 'aria-describedby': `${id}-note` } : {}),
    note ? h('p.note', { id: `${id}-note` }, note) : null,
  )

export const choiceOf = (value, options, set) => (id, more) =>
  h(
    'select',
    { id, value, onchange: ({ target }) => set(target.value), ...more },
    options.map(([given, words]) => h('option', { value: given }, words)),
  )

/** `when` it is taken: as it is typed, or with `onchange` when it was left. */
export const lineOf =
  (value, set, { when = 'oninput', ...props } = {}) =>
  (id, more) =>
    h('input', { id, value, autocomplete: 'off', [when]: ({ target }) => set(target.value), ...props, ...more })
