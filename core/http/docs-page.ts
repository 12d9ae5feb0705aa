// Owns the reference page: the contract as one HTML page that needs nothing from anywhere else.
// Must not know an operation; everything comes from the document.
import { createHash } from 'node:crypto'
import { problemCodes } from './problem.ts'

type Node = { [key: string]: unknown }

const style = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#0a7d55}
body{font:15px/1.5 system-ui,sans-serif;margin:0;display:grid;grid-template-columns:17rem 1fr}
nav{position:sticky;top:0;height:100vh;overflow:auto;border-right:1px solid var(--line);padding:1rem;box-sizing:border-box}
main{padding:1rem 2rem;max-width:60rem}
nav ul{list-style:none;margin:.2rem 0 1rem;padding:0}nav li{font-size:13px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
nav a{color:inherit;text-decoration:none}nav a:hover{text-decoration:underline}
input{width:100%;box-sizing:border-box;padding:.4rem;margin:.5rem 0;font:inherit}
section{border-top:1px solid var(--line);padding:1rem 0}
h3{margin:0 0 .3rem;font-size:1rem}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.7rem;overflow:auto;border-radius:4px}
.m{display:inline-block;min-width:4rem;font-weight:700;color:var(--accent);text-transform:uppercase}
.s{float:right;opacity:.75}table{border-collapse:collapse;width:100%}td,th{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}}`

const script = `
const box=document.querySelector('input');
box.addEventListener('input',()=>{const want=box.value.toLowerCase().split(/\\s+/);
for(const el of document.querySelectorAll('[data-find]')){el.hidden=!want.every((w)=>el.dataset.find.includes(w))}});
`

export function docsPage(document: Node): Response {
  const info = document.info as { title: string; version: string; description?: string }
  const tags = (document.tags ?? []) as { name: string; description?: string }[]
  const all = operationsOf(document)
  const known = tags.map((tag) => tag.name)
  const groups = [
    ...tags,
    ...[...new Set(all.map((one) => one.tag))]
      .filter((name) => !known.includes(name))
      .map((name) => ({ name, description: '' })),
  ]
  const links = groups
    .map(({ name }) => {
      const items = all.filter((one) => one.tag === name)
      return `<strong>${text(name)}</strong><ul>${items.map((one) => `<li data-find="${text(one.find)}"><a href="#${text(one.id)}">${text(one.title)}</a></li>`).join('')}</ul>`
    })
    .join('')
  const body = groups
    .map(({ name, description }) => {
      const items = all.filter((one) => one.tag === name)
      return `<h2>${text(name)}</h2><p>${text(description ?? '')}</p>${items.map((one) => one.html).join('')}`
    })
    .join('')
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(info.title)} API</title><style>${style}</style>
<nav><strong>${text(info.title)} ${text(info.version)}</strong><input type="search" placeholder="Search" aria-label="Search">${links}<a href="#problems">Problems</a><br><a href="/openapi.json">openapi.json</a></nav>
<main><h1>${text(info.title)} API</h1><p>${text(info.description ?? '')}</p>${body}<h2 id="problems">Problems</h2>${problems()}</main>
<script>${script}</script></html>`
  return new Response(html, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; frame-ancestors 'none'`,
    },
  })
}

interface ShownOperation {
  id: string
  tag: string
  title: string
  /** What the search box looks in, lower case. */
  find: string
  html: string
}

function operationsOf(document: Node): ShownOperation[] {
  const methods = ['get', 'post', 'put', 'patch', 'delete']
  return (['paths', 'webhooks'] as const).flatMap((part) =>
    Object.entries((document[part] ?? {}) as Record<string, Node>).flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const operation = item[method] as Node | undefined
        if (!operation) return []
        const id = String(operation.operationId)
        const summary = String(operation.summary ?? id)
        const label = part === 'webhooks' ? 'event' : method
        const find = `${label} ${path} ${summary} ${id}`.toLowerCase()
        const html = `<section id="${text(id)}" data-find="${text(find)}"><code class="s">${text(String(operation['x-scope'] ?? ''))}</code>
<h3><span class="m">${label}</span> <code>${text(path)}</code></h3><p>${text(summary)}${operation.description ? `. ${text(String(operation.description))}` : ''}</p>
${parameters(document, [...((item.parameters ?? []) as Node[]), ...((operation.parameters ?? []) as Node[])])}${bodies(document, operation)}</section>`
        return [
          {
            id,
            tag: String((operation.tags as string[] | undefined)?.[0] ?? 'Other'),
            title: part === 'webhooks' ? path : summary,
            find,
            html,
          },
        ]
      }),
    ),
  )
}

function parameters(document: Node, list: readonly Node[]): string {
  if (list.length === 0) return ''
  const rows = list.map((one) => {
    const parameter = resolve(document, one)
    const schema = resolve(document, (parameter.schema ?? {}) as Node)
    return `<tr><td><code>${text(String(parameter.name))}</code></td><td>${text(String(parameter.in))}</td><td>${text(describe(schema))}</td><td>${text(String(parameter.description ?? schema.description ?? ''))}</td></tr>`
  })
  return `<details><summary>Parameters</summary><table>${rows.join('')}</table></details>`
}

function bodies(document: Node, operation: Node): string {
  const examples: string[] = []
  const show = (title: string, holder: Node | undefined) => {
    for (const [type, media] of Object.entries((holder?.content ?? {}) as Record<string, Node>)) {
      const example = media.example
      const shown = example === undefined ? '' : `<pre>${text(JSON.stringify(example, null, 2))}</pre>`
      examples.push(`<details><summary>${text(title)} <code>${text(type)}</code></summary>${shown}</details>`)
    }
  }
  show('Body', operation.requestBody as Node | undefined)
  for (const [status, response] of Object.entries((operation.responses ?? {}) as Record<string, Node>)) {
    show(status === 'default' ? 'Problem' : `Answer ${status}`, resolve(document, response))
  }
  return examples.join('')
}

function describe(schema: Node): string {
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? '')
  const values = Array.isArray(schema.enum) ? `: ${schema.enum.join(', ')}` : ''
  return `${type}${schema.format ? ` (${String(schema.format)})` : ''}${values}${schema.default === undefined ? '' : `, ${JSON.stringify(schema.default)} when left out`}`
}

function problems(): string {
  const rows = Object.entries(problemCodes).map(
    ([code, [status, title]]) =>
      `<tr id="problem-${text(code)}"><td><code>${text(code)}</code></td><td>${status}</td><td>${text(title)}</td></tr>`,
  )
  return `<table>${rows.join('')}</table>`
}

function resolve(document: Node, node: Node): Node {
  if (typeof node.$ref !== 'string') return node
  let at: unknown = document
  for (const part of node.$ref.slice(2).split('/')) at = (at as Node | undefined)?.[part]
  return (at ?? {}) as Node
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`
}
