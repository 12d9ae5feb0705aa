// Owns describing what the page should show, and changing the page to it with as few touches as possible.
// Must not know anything about what is shown; it never turns text into markup.

const svgSpace = 'http://www.w3.org/2000/svg'
/** What each element was last made from. */
const shown = new WeakMap()

/**
 * A description of an element. Children are descriptions, texts, numbers, or lists of them; null and false are nothing.
 * @example h('button.quiet', { onclick: close, 'aria-label': 'Close' }, icon('cross'))
 */
export function h(selector, ...rest) {
  const props = isProps(rest[0]) ? rest.shift() : {}
  const [tag, ...classes] = selector.split('.')
  const own = classes.join(' ')
  const all = own === '' ? props : { ...props, class: props.class ? `${own} ${props.class}` : own }
  return { tag, key: props.key ?? null, props: all, children: flat(rest) }
}

function isProps(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !('tag' in value)
}

function flat(children) {
  return children
    .flat(Number.POSITIVE_INFINITY)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== '')
    .map((child) => (typeof child === 'object' ? child : String(child)))
}

/** Makes the children of `parent` what is described. Elements with a key keep their identity, so focus and scrolling stay. */
export function show(parent, ...children) {
  const active = document.activeElement
  patchChildren(parent, flat(children), false)
  // Moving an element takes the focus from it.
  if (active !== document.activeElement && active?.isConnected && parent.contains(active)) {
    active.focus({ preventScroll: true })
  }
}

function patchChildren(parent, next, inSvg) {
  // Mostly nothing has come or gone, and then nothing has to be looked up. Measured with 600 bays and 1,261 stays, drawn for 10 s:
  // this and the garbage it made took 0.55 s with the lookups alone, 0.06 s so.
  let node = parent.firstChild
  let at = 0
  while (at < next.length && node !== null && isSame(node, next[at])) {
    update(node, next[at], inSvg)
    node = node.nextSibling
    at++
  }
  if (at < next.length || node !== null) rearrange(parent, node, next.slice(at), inSvg)
}

/** Makes the children of `parent` from `first` on what is described. */
function rearrange(parent, first, next, inSvg) {
  const keyed = new Map()
  const plain = []
  const old = []
  for (let node = first; node !== null; node = node.nextSibling) {
    old.push(node)
    const key = keyOf(node)
    if (key === null) plain.push(node)
    else keyed.set(key, node)
  }
  const nodes = next.map((child) => {
    const known = typeof child === 'object' && child.key !== null ? keyed.get(child.key) : plain.shift()
    return known && fits(known, child) ? update(known, child, inSvg) : create(child, inSvg)
  })
  const kept = new Set(nodes)
  let cursor = first
  for (const node of old) {
    if (kept.has(node)) continue
    if (node === cursor) cursor = cursor.nextSibling
    node.remove()
  }
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextSibling
    else parent.insertBefore(node, cursor)
  }
}

function keyOf(node) {
  return shown.get(node)?.key ?? null
}

function isSame(node, child) {
  return fits(node, child) && keyOf(node) === (typeof child === 'object' ? child.key : null)
}

function fits(node, child) {
  if (typeof child === 'string') return node.nodeType === Node.TEXT_NODE
  return shown.get(node)?.tag === child.tag
}

function create(child, inSvg) {
  if (typeof child === 'string') return document.createTextNode(child)
  const svg = inSvg || child.tag === 'svg'
  const node = svg ? document.createElementNS(svgSpace, child.tag) : document.createElement(child.tag)
  shown.set(node, { tag: child.tag, key: child.key, props: {} })
  fill(node, child, svg)
  child.props.made?.(node)
  return node
}

function update(node, child, inSvg) {
  if (typeof child === 'string') {
    if (node.data !== child) node.data = child
    return node
  }
  fill(node, child, inSvg || child.tag === 'svg')
  return node
}

function fill(node, child, svg) {
  const known = shown.get(node)
  const before = known.props
  const { props } = child
  for (const name in props) {
    if (props[name] !== before[name] && !later.has(name)) setProp(node, name, props[name], before[name])
  }
  for (const name in before) if (!(name in props) && !later.has(name)) setProp(node, name, undefined, before[name])
  known.key = child.key
  known.props = props
  patchChildren(node, child.children, svg)
  // What a person typed or chose is compared with the element itself; a select has its value once it has its options.
  if ('value' in props && node.value !== props.value && !(isTyping(node) && props.value === before.value))
    node.value = props.value
  if ('checked' in props && node.checked !== props.checked) node.checked = props.checked
}

/** Text that is being typed was told to nobody yet: drawing the page anew for another reason must not take it away. */
const isTyping = (node) => node === document.activeElement && (node.tagName === 'INPUT' || node.tagName === 'TEXTAREA')

const later = new Set(['value', 'checked', 'key', 'made'])

function setProp(node, name, value, before) {
  if (name.startsWith('on')) node[name] = value ?? null
  else if (name === 'vars') {
    for (const one of Object.keys(before ?? {})) if (!(one in (value ?? {}))) node.style.removeProperty(one)
    for (const [one, set] of Object.entries(value ?? {})) node.style.setProperty(one, set)
  } else if (value === null || value === undefined || value === false) node.removeAttribute(name)
  else node.setAttribute(name, value === true ? '' : String(value))
}
