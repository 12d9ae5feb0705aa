// Owns telling an image by its first bytes.
// Must not believe a content type (cameras send JPEGs as application/octet-stream or image/pjpeg), nor know BMP: a plate may begin with BM.

const magic: readonly [readonly number[], string][] = [
  [[0xff, 0xd8], 'image/jpeg'],
  [[0x89, 0x50, 0x4e, 0x47], 'image/png'],
]

export function imageType(bytes: Uint8Array): string | null {
  return magic.find(([start]) => start.every((byte, i) => bytes[i] === byte))?.[1] ?? null
}
