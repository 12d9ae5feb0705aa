// Owns making a request out of its template: addresses, queries, headers and bodies with values put in.
// Must not let a value leave its place: none of them can change the path's shape or another field.
import type { BodyTemplate, RequestTemplate, Taken } from './profile.ts'
import { at, type Sources, type Spot, type Terms, takeValue } from './take-value.ts'

export interface BuiltRequest {
  method: RequestTemplate['method']
  url: URL
  headers: Record<string, string>
  body?: string
}

export type Built = { kind: 'ok'; request: BuiltRequest } | { kind: 'wrong'; reason: string }

export function buildRequest(
  template: RequestTemplate,
  baseUrl: string,
  document: unknown,
  terms: Terms,
  extraQuery: Readonly<Record<string, string>> = {},
): Built {
  const root: Spot = { value: document, pointer: '' }
  const sources: Sources = { record: root, message: root }
  const faults: string[] = []
  const text = (taken: Taken | string): string | undefined => {
    if (typeof taken === 'string') return taken
    const found = takeValue(taken, sources, terms)
    if (found.kind === 'wrong') faults.push(`${found.pointer} ${found.message}`)
    if (found.kind !== 'value') return undefined
    if (typeof found.value === 'object') faults.push(`${found.pointer} is no single value`)
    return String(found.value)
  }
  const path = template.path.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = text(template.values?.[name] ?? { path: '' })
    // A dot alone would climb out of its place in the path.
    if (value === undefined || value === '' || value === '.' || value === '..') {
      faults.push(`{${name}} of the path has no value that can stand there`)
      return ''
    }
    return encodeURIComponent(value)
  })
  const url = new URL(baseUrl.replace(/\/+$/, '') + path)
  for (const [name, taken] of Object.entries(template.query ?? {})) {
    const value = text(taken)
    if (value !== undefined) url.searchParams.set(name, value)
  }
  for (const [name, value] of Object.entries(extraQuery)) url.searchParams.set(name, value)
  const headers: Record<string, string> = {}
  for (const [name, taken] of Object.entries(template.headers ?? {})) {
    const value = text(taken)
    if (value === undefined) continue
    if (/[^\t\x20-\x7e]/.test(value)) faults.push(`the header ${name} would hold a character that no header can`)
    else headers[name.toLowerCase()] = value
  }
  const body = template.body === undefined ? undefined : filled(template.body, sources, terms, faults)
  if (faults.length > 0) return { kind: 'wrong', reason: faults.slice(0, 5).join('; ') }
  if (body === undefined) return { kind: 'ok', request: { method: template.method, url, headers } }
  const form = template.send === 'form'
  headers['content-type'] ??= form ? 'application/x-www-form-urlencoded' : 'application/json'
  const written = form
    ? new URLSearchParams(
        Object.entries((body ?? {}) as object).map(([name, value]): [string, string] => [name, String(value)]),
      ).toString()
    : JSON.stringify(body)
  return { kind: 'ok', request: { method: template.method, url, headers, body: written } }
}

function filled(template: BodyTemplate, sources: Sources, terms: Terms, faults: string[]): unknown {
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) return template.map((each: BodyTemplate) => filled(each, sources, terms, faults))
  const named = template as Readonly<Record<string, BodyTemplate>>
  const names = Object.keys(named)
  if (names.length === 1 && names[0] === 'take') {
    const found = takeValue(named.take as Taken, sources, terms)
    if (found.kind === 'wrong') faults.push(`${found.pointer} ${found.message}`)
    return found.kind === 'value' ? found.value : undefined
  }
  if (names.length === 2 && typeof named.each === 'string' && named.of !== undefined) {
    const { value, pointer } = at(sources.record, named.each)
    const { of } = named
    return (Array.isArray(value) ? value : []).map((item: unknown, i) =>
      filled(of, { record: { value: item, pointer: `${pointer}/${i}` }, message: sources.message }, terms, faults),
    )
  }
  return Object.fromEntries(names.map((name) => [name, filled(named[name] ?? null, sources, terms, faults)]))
}
