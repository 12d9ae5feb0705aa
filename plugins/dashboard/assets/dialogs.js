// Owns asking a person before something happens, with the few fields that it may need.
// Must not act; what was asked for is run by whoever asked.
import { h } from './elements.js'

export function dialogBox(app) {
  const { dialog } = app
  if (dialog === null) return null
  const { title, text, action, tone, fields = [], run } = dialog
  return h(
    'dialog',
    {
      key: `dialog-${title}`,
      'aria-labelledby': 'dialog-title',
      'aria-describedby': 'dialog-text',
      made: (element) => queueMicrotask(() => element.isConnected && element.showModal()),
      oncancel: (event) => {
        event.preventDefault()
        app.answered()
      },
    },
    h(
      'form',
      {
        method: 'dialog',
        onsubmit: (event) => {
          event.preventDefault()
          const values = Object.fromEntries(new FormData(event.currentTarget))
          app.answered()
          run(values)
        },
      },
      h('h2', { id: 'dialog-title' }, title),
      h('p', { id: 'dialog-text' }, text),
      fields.map(field),
      h(
        'div.dialog-actions',
        h('button', { type: 'button', onclick: app.answered }, 'Cancel'),
        h(tone === 'danger' ? 'button.danger' : 'button.primary', { type: 'submit' }, action),
      ),
    ),
  )
}

function field({ name, label, value, options, required, hint, type, min, max, step }) {
  const id = `field-${name}`
  return h(
    'div.field',
    h('label', { for: id }, label),
    options
      ? h(
          'select',
          { id, name, made: (element) => queueMicrotask(() => setOnce(element, value)) },
          options.map(([given, words]) => h('option', { value: given }, words)),
        )
      : h('input', {
          id,
          name,
          required,
          ...(type ? { type, min, max, step: step ?? 1 } : {}),
          autocomplete: 'off',
          spellcheck: 'false',
          made: (element) => setOnce(element, value ?? ''),
          ...(hint ? { 'aria-describedby': `${id}-hint` } : {}),
        }),
    hint ? h('p.note', { id: `${id}-hint` }, hint) : null,
  )
}

/** The field is the person's from then on; drawing again leaves it alone. */
function setOnce(element, value) {
  element.value = value
}
