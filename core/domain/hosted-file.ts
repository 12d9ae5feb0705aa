// Owns what may be hosted: kinds of files, the content types each may have, names that are safe to show and to send.
// Must not touch a file.

export const fileKinds = ['firmware', 'log', 'other'] as const
export type FileKind = (typeof fileKinds)[number]

const binary = [
  'application/octet-stream',
  'application/zip',
  'application/x-zip-compressed',
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  'application/x-xz',
  'application/x-bzip2',
  'application/x-7z-compressed',
]
const text = ['text/plain', 'text/csv', 'application/json', 'application/xml', 'text/xml', 'application/pdf']

/** Nothing that a browser would run. */
const contentTypes: Readonly<Record<FileKind, readonly string[]>> = {
  firmware: binary,
  log: [...binary, ...text],
  other: [...binary, ...text, 'application/x-pem-file', 'image/png', 'image/jpeg'],
}

const unnamedType = 'application/octet-stream'

/** The media type without its parameters; null where this kind may not have it. */
export function contentTypeOf(kind: FileKind, header: string | null): string | null {
  const type = (header ?? '').split(';')[0]?.trim().toLowerCase() || unnamedType
  return contentTypes[kind].includes(type) ? type : null
}

/** What a station calls its log says little, so an odd type is no reason to lose the file. */
export function stationContentType(header: string | null): string {
  return contentTypeOf('log', header) ?? unnamedType
}

const longestName = 200

/** The last part of a path, without anything that a file system, a header or a terminal would act on; null when nothing is left. */
export function safeFileName(name: string | null | undefined): string | null {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? ''
  const clean = last
    .replace(/[\p{C}"<>:|?*]/gu, '')
    .trim()
    .replace(/^\.+/, '')
    .slice(0, longestName)
  return clean === '' ? null : clean
}
