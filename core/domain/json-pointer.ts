// Owns the parts of JSON pointers (RFC 6901): names written into one, and read out of it.
// Must not follow one; what may be followed is for whoever has the document.

/** The pointer from one place to what stands under these names inside it. */
export function pointerTo(...names: readonly (string | number | undefined)[]): string {
  // Every name of every body passes here.
  let pointer = ''
  for (const name of names) pointer += `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
  return pointer
}

/** The names on the way to what is pointed at; none for the whole document. */
export function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}
