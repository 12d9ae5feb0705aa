// Owns the form of rules, made from the JSON Schema of their engine: a control for each plain value, groups and lists of them.
// Must not know a tariff: what no control fits is left to the JSON beside it, and named.
import { h } from './elements.js'
import { icon } from './icons.js'
import { pointerPart } from './json-places.js'
import { plain } from './words.js'

/** `change(path, value)`: undefined takes the value away. `findings`: what is wrong where, by pointer. */
export function rulesForm({ schema, rules, findings, change }) {
  const form = { findings, change, left: [] }
  const parts = properties(form, schema, rules, [])
  return h(
    'div.rules-form',
    parts,
    form.left.length > 0 ? h('p.note', `In the JSON only: ${form.left.join(', ')}.`) : null,
  )
}

/** Of a schema with one branch for each scope, the branch of this one. */
export function branchOf(schema, scope) {
  return schema?.oneOf?.find((branch) => branch.properties?.scope?.const === scope) ?? schema
}

export const fieldId = (path) => `rule${path.map((part) => `/${pointerPart(part)}`).join('')}`

const words = (name) => plain(name.replaceAll(/([A-Z])/g, ' $1').toLowerCase())
const titleOf = (schema, name) => schema.title ?? words(name)

function properties(form, schema, value, path) {
  const required = new Set(schema.required ?? [])
  const names = Object.keys(schema.properties ?? {})
  const isSmall = (name) => ['line', 'choices'].includes(kindOf(schema.properties[name]))
  const titles = names.map((name) => schema.properties[name].title)
  const part = (name) => {
    const { title, ...rest } = schema.properties[name]
    // Beginning and end are both a time of day; their names tell them apart.
    const one = titles.filter((other) => other === title).length > 1 ? rest : schema.properties[name]
    return node(form, one, value?.[name], [...path, name], { required: required.has(name) })
  }
  return [h('div.rules-fields', names.filter(isSmall).map(part)), names.filter((name) => !isSmall(name)).map(part)]
}

function kindOf(schema) {
  if (schema.const !== undefined && schema.const !== true) return 'fixed'
  if (schema.type === 'object' && schema.properties) return 'group'
  if (schema.type === 'array' && schema.items?.type === 'object' && schema.items.properties) return 'list'
  if (schema.type === 'array' && schema.items?.enum) return 'choices'
  if (schema.type === 'array' && schema.items?.type === 'string') return 'line'
  if (schema.enum || schema.const === true || ['string', 'integer', 'number', 'boolean'].includes(schema.type))
    return 'line'
  return 'other'
}

function node(form, schema, value, path, { required }) {
  switch (kindOf(schema)) {
    case 'fixed':
      return null
    case 'group':
      return group(form, schema, value, path, required)
    case 'list':
      return list(form, schema, value, path)
    case 'choices':
      return choices(form, schema, value, path)
    case 'line':
      return line(form, schema, value, path, required)
    default:
      form.left.push(titleOf(schema, path.at(-1)).toLowerCase())
      return null
  }
}

function said(form, path) {
  const pointer = fieldId(path).slice(4)
  const found = form.findings.filter((one) => one.pointer === pointer)
  return found.length === 0
    ? null
    : h(
        'div.rules-said',
        { id: `${fieldId(path)}-said` },
        found.map(({ severity, message }) =>
          h(
            'p',
            { class: `soft tone-${severity === 'error' ? 'bad' : severity === 'warning' ? 'warn' : 'calm'}` },
            message,
          ),
        ),
      )
}

function line(form, schema, value, path, required) {
  const id = fieldId(path)
  const about = said(form, path)
  const wrong = form.findings.some(({ pointer, severity }) => pointer === id.slice(4) && severity === 'error')
  const marks = { id, 'aria-invalid': String(wrong), ...(about ? { 'aria-describedby': `${id}-said` } : {}) }
  const set = (next) => form.change(path, next)
  const label = h('label', { for: id }, titleOf(schema, path.at(-1)))
  if (schema.type === 'boolean' || schema.const === true) {
    return h(
      'div.field.rules-check',
      { key: id },
      h('input', {
        ...marks,
        type: 'checkbox',
        checked: value === true,
        onchange: ({ target }) =>
          set(target.checked ? true : required && schema.const === undefined ? false : undefined),
      }),
      label,
      about,
    )
  }
  return h('div.field', { key: id }, label, control(schema, value, required, marks, set), about)
}

function control(schema, value, required, marks, set) {
  if (schema.enum) {
    return h(
      'select',
      { ...marks, value: value ?? '', onchange: ({ target }) => set(target.value === '' ? undefined : target.value) },
      required ? null : h('option', { value: '' }, schema.default ? `As usual (${words(schema.default)})` : '–'),
      schema.enum.map((one) => h('option', { value: one }, words(one))),
    )
  }
  if (schema.type === 'integer' || schema.type === 'number') {
    return h('input', {
      ...marks,
      type: 'number',
      min: schema.minimum,
      max: schema.maximum,
      step: schema.type === 'integer' ? 1 : 'any',
      value: value === undefined ? '' : String(value),
      oninput: ({ target }) => set(target.value === '' ? undefined : Number(target.value)),
    })
  }
  const many = schema.type === 'array'
  return h('input', {
    ...marks,
    autocomplete: 'off',
    spellcheck: 'false',
    inputmode: schema.pattern?.startsWith('^\\d') ? 'decimal' : 'text',
    placeholder: many ? 'One, another' : schema.examples ? `e.g. ${schema.examples[0]}` : '',
    value: many ? (value ?? []).join(', ') : String(value ?? ''),
    [many ? 'onchange' : 'oninput']: ({ target: { value: text } }) => {
      if (text === '' && !required) return set(undefined)
      return set(
        many
          ? text
              .split(',')
              .map((one) => one.trim())
              .filter(Boolean)
          : text,
      )
    },
  })
}

function choices(form, schema, value, path) {
  const id = fieldId(path)
  const chosen = value ?? []
  return h(
    'fieldset.rules-choices',
    { key: id },
    h('legend', titleOf(schema, path.at(-1))),
    schema.items.enum.map((one) =>
      h(
        'label',
        h('input', {
          type: 'checkbox',
          checked: chosen.includes(one),
          onchange: ({ target }) => {
            const next = schema.items.enum.filter((each) => (each === one ? target.checked : chosen.includes(each)))
            form.change(path, next.length === 0 ? undefined : next)
          },
        }),
        h('span', words(one)),
      ),
    ),
    said(form, path),
  )
}

function group(form, schema, value, path, required) {
  const id = fieldId(path)
  const title = titleOf(schema, path.at(-1))
  if (value === undefined && !required) return adder(form, id, title, path, () => smallest(schema, path.at(-1)))
  return h(
    'fieldset.rules-group',
    { key: id, id },
    h('legend', title),
    required ? null : remover(form, path, title),
    said(form, path),
    properties(form, schema, value, path),
  )
}

function list(form, schema, value, path) {
  const id = fieldId(path)
  const title = titleOf(schema, path.at(-1))
  const items = Array.isArray(value) ? value : []
  const fresh = () => smallest(schema.items, title)
  if (items.length === 0) return adder(form, id, title, path, () => [fresh()])
  const moved = (from, to) => {
    const next = [...items]
    next.splice(to, 0, ...next.splice(from, 1))
    form.change(path, next)
  }
  return h(
    'fieldset.rules-list',
    { key: id, id },
    h('legend', title),
    said(form, path),
    items.map((item, i) =>
      h(
        'fieldset.rules-item',
        { key: `${id}/${i}`, id: `${id}/${i}` },
        h('legend', `${title} ${i + 1}`),
        h(
          'div.rules-tools',
          i === 0
            ? null
            : h(
                'button.quiet.small',
                { type: 'button', onclick: () => moved(i, i - 1), 'aria-label': `Move ${title} ${i + 1} up` },
                icon('up'),
              ),
          items.length === 1
            ? h(
                'button.quiet.small',
                { type: 'button', onclick: () => form.change(path, undefined), 'aria-label': `Remove ${title} 1` },
                icon('cross'),
              )
            : h(
                'button.quiet.small',
                {
                  type: 'button',
                  onclick: () => form.change([...path, i], undefined),
                  'aria-label': `Remove ${title} ${i + 1}`,
                },
                icon('cross'),
              ),
        ),
        said(form, [...path, i]),
        properties(form, schema.items, item, [...path, i]),
      ),
    ),
    h(
      'button.small',
      { type: 'button', onclick: () => form.change(path, [...items, fresh()]) },
      `Another of “${title}”`,
    ),
  )
}

function adder(form, id, title, path, make) {
  return h(
    'button.rules-add.small',
    { key: id, id, type: 'button', onclick: () => form.change(path, make()) },
    h('span', { 'aria-hidden': 'true' }, '+'),
    title,
  )
}

function remover(form, path, title) {
  return h(
    'div.rules-tools',
    h(
      'button.quiet.small',
      { type: 'button', onclick: () => form.change(path, undefined), 'aria-label': `Remove ${title}` },
      icon('cross'),
    ),
  )
}

/** The least that the schema asks for, as something to begin with. */
function smallest(schema, name) {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  switch (schema.type) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((one) => [one, smallest(schema.properties[one], one)]))
    case 'array':
      return (schema.minItems ?? 0) > 0 ? [smallest(schema.items, name)] : []
    case 'boolean':
      return false
    case 'integer':
    case 'number':
      return schema.minimum ?? 0
    default:
      return (
        schema.examples?.[0] ?? { from: '08:00', to: '18:00', name: 'New', group: 'staff', code: 'VAT' }[name] ?? '0'
      )
  }
}
