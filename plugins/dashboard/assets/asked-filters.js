// Owns the controls of filters that the hub applies to a list: a text, a day, a choice, a switch.
// Must not filter; it asks the hub for another list.
import { h } from './elements.js'
import { icon } from './icons.js'

const typingMs = 250
let typing = 0
/** What stands in a field before it is asked for, by list; gone once it is. */
const typed = new Map()

export function askedFilters(app, list) {
  const { money } = app.data
  const asked = money.asked(list)
  const set = (filter) => {
    money.ask(list, filter)
    app.render()
  }
  const ask = (change) => set({ ...money.asked(list), ...change })
  return {
    asked,
    isFiltered: Object.keys(asked).length > 0,
    clear: (words) => [h('p', words), h('button.quiet', { onclick: () => set({}) }, 'Show everything')],
    text: (name, label, placeholder) =>
      h(
        'label.search',
        icon('search'),
        h('span.unseen', label),
        h('input', {
          type: 'search',
          id: `${list}-${name}`,
          placeholder,
          autocomplete: 'off',
          value: typed.get(list) ?? asked[name] ?? '',
          oninput: ({ target: { value } }) => {
            clearTimeout(typing)
            typed.set(list, value)
            typing = setTimeout(() => {
              typed.delete(list)
              ask({ [name]: value.trim() })
            }, typingMs)
          },
        }),
      ),
    day: (name, label) =>
      h(
        'label.day-field',
        h('span', label),
        h('input', {
          type: 'date',
          id: `${list}-${name}`,
          value: asked[name] ?? '',
          onchange: ({ target }) => ask({ [name]: target.value }),
        }),
      ),
    /** `options`: `[[value, words]]`; `all` is what the empty choice is called. */
    choice: (name, label, all, options) =>
      h(
        'label.chooser',
        h('span.unseen', label),
        h(
          'select',
          {
            id: `${list}-${name}`,
            value: asked[name] ?? '',
            onchange: ({ target }) => ask({ [name]: target.value }),
          },
          h('option', { value: '' }, all),
          options.map(([value, words]) => h('option', { value }, words)),
        ),
      ),
    /** On or not asked for. */
    flag: (name, label) =>
      h(
        'button.chip',
        {
          'aria-pressed': String(asked[name] === 'true'),
          onclick: () => ask({ [name]: asked[name] === 'true' ? '' : 'true' }),
        },
        label,
      ),
    /** Given by another page, and only to be taken away here. */
    given: (name, label) =>
      asked[name]
        ? h('button.chip', { 'aria-pressed': 'true', onclick: () => ask({ [name]: '' }) }, label, icon('cross'))
        : null,
  }
}
