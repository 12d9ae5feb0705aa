// Owns taking pictures of reads to the hub's file store: known by their bytes, limited in size.
// Must not believe the type that was declared, and must not lose a read over its picture.
import type { ReadImage } from '../../domain/reader.ts'
import type { DiskFiles } from '../../store/disk-files.ts'
import type { ServiceDeps } from '../service-deps.ts'

export const largestPictureBytes = 5_000_000

export interface KeptPicture {
  number: number
  kind: string
  content_type: string | null
  size_bytes: number | null
  sha256: string | null
  url: string | null
  url_until: Date | null
}

/** Pictures that cannot be kept are left out, and said in the log. */
export async function keepPictures(
  { disk, log }: { disk: DiskFiles } & Pick<ServiceDeps, 'log'>,
  images: readonly ReadImage[],
): Promise<KeptPicture[]> {
  const kept: KeptPicture[] = []
  for (const image of images) {
    const number = kept.length + 1
    const none = {
      number,
      kind: image.kind,
      content_type: null,
      size_bytes: null,
      sha256: null,
      url: null,
      url_until: null,
    }
    if ('url' in image) {
      const until = image.expiresAt instanceof Date && !Number.isNaN(image.expiresAt.getTime()) ? image.expiresAt : null
      kept.push({ ...none, url: image.url, url_until: until })
      continue
    }
    const type = pictureType(image.bytes)
    const stored = type === null ? null : await disk.store(once(image.bytes), largestPictureBytes)
    if (stored?.kind !== 'stored') {
      log.warn({ kind: image.kind, bytes: image.bytes.byteLength }, 'a picture is no JPEG or PNG, or is too large')
      continue
    }
    kept.push({ ...none, content_type: type, size_bytes: stored.sizeBytes, sha256: stored.sha256 })
  }
  return kept
}

/** By the first bytes: FF D8 FF for JPEG, the eight of PNG. Cameras declare octet-stream, or nothing (research 3.1). */
export function pictureType(bytes: Uint8Array): 'image/jpeg' | 'image/png' | null {
  const begins = (...first: number[]) => first.every((byte, i) => bytes[i] === byte)
  if (begins(0xff, 0xd8, 0xff)) return 'image/jpeg'
  return begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) ? 'image/png' : null
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
