// Owns what every view has to keep for people who cannot see, point or tell colours apart: names, headings, contrast, room.
// Must not be taken for a full audit; it holds what a machine can see in a page as it stands.
import type { Page } from 'playwright-core'

/** What is wrong with the page as it is shown now; empty when nothing is. */
export async function pageFaults(page: Page): Promise<string[]> {
  return (await page.evaluate(`(${inPage})()`)) as string[]
}

/** Runs in the page, whose types are not ours; so it is text to the compiler. WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 2.4.6, 2.5.8, 4.1.2. */
const inPage = String.raw`function () {
  const faults = []
  const say = (what, element) => faults.push(what + ': ' + describe(element))
  const describe = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 160)
  const isShown = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false
    const { width, height } = element.getBoundingClientRect()
    return width > 1 && height > 1 && element.closest('.unseen') === null
  }

  // Names
  const nameOf = (element) => {
    const label = element.getAttribute('aria-label')
    if (label) return label
    const by = element.getAttribute('aria-labelledby')
    if (by) return by.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ')
    if (element.labels?.length) return [...element.labels].map((one) => one.textContent).join(' ')
    return element.textContent + (element.title ?? '')
  }
  for (const element of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, [role=dialog], dialog, nav, section, [role=listbox]')) {
    if (element.hidden || !element.checkVisibility()) continue
    if (nameOf(element).trim() === '') say('has no name', element)
  }
  for (const element of document.querySelectorAll('svg')) {
    if (element.getAttribute('aria-hidden') !== 'true') say('an icon that is read aloud', element)
  }
  for (const name of ['aria-labelledby', 'aria-describedby', 'for', 'list']) {
    for (const element of document.querySelectorAll('[' + name + ']')) {
      for (const id of element.getAttribute(name).split(' ')) {
        if (!document.getElementById(id)) say(name + ' leads nowhere', element)
      }
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) faults.push('the id ' + id + ' is there twice')

  // Structure
  if (document.documentElement.lang === '') faults.push('the page has no language')
  if (document.title === '') faults.push('the page has no title')
  if (document.querySelectorAll('main').length !== 1) faults.push('there is not exactly one main landmark')
  const headings = [...document.querySelectorAll('h1, h2, h3, h4')].filter((one) => one.checkVisibility())
  if (headings.filter(({ tagName }) => tagName === 'H1').length !== 1) faults.push('there is not exactly one h1')
  let before = 0
  for (const heading of headings) {
    const level = Number(heading.tagName[1])
    if (level > before + 1) say('a heading skips a level', heading)
    before = level
  }
  for (const table of document.querySelectorAll('table')) {
    if (nameOf(table).trim() === '' && !table.caption) say('a table without a name', table)
  }

  // Contrast
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number)
    return { r, g, b, a }
  }
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  })
  const groundOf = (element) => {
    const layers = []
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor)
      if (colour.a > 0) layers.push(colour)
      if (colour.a === 1) break
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 })
  }
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const seen = new Set()
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
    if (!own || element.closest('svg') || element.disabled || element.closest(':disabled') || !isShown(element)) continue
    const style = getComputedStyle(element)
    const ground = groundOf(element)
    const ink = over(parse(style.color), ground)
    const [bright, dark] = [light(ink), light(ground)].sort((a, b) => b - a)
    const ratio = (bright + 0.05) / (dark + 0.05)
    const size = Number.parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    const key = style.color + JSON.stringify(ground)
    if (ratio < (large ? 3 : 4.5) && !seen.has(key)) {
      seen.add(key)
      say('contrast of ' + ratio.toFixed(2), element)
    }
  }

  // Room
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('the page is wider than the screen: ' + document.documentElement.scrollWidth + ' > ' + innerWidth)
  for (const element of document.querySelectorAll('button, select, input, nav a')) {
    if (!isShown(element)) continue
    const { width, height } = element.getBoundingClientRect()
    if (width < 24 || height < 24) if (!element.matches('.inline, .plate, .news-text, .sorter')) say('too small to hit, ' + Math.round(width) + ' by ' + Math.round(height), element)
  }
  return faults
}`
