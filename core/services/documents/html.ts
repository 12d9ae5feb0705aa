// Owns writing HTML in which every value is escaped unless it was written by this same function.
// Must not parse or clean HTML from elsewhere.

/** Markup that may be put into a page as it is. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = Markup | string | number | null | undefined | false | readonly Value[]

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(escaped).join('')
  return String(value).replace(/[&<>"']/g, (character) => escapes[character] ?? '')
}

/**
 * @example
 * html`<p title="${title}">${items.map((item) => html`<b>${item}</b>`)}</p>`.text
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.reduce((text, part, i) => text + escaped(values[i - 1]) + part))
}
