// Owns the step from parts, base64 texts and addresses to images that may be kept.
// Must not fetch an address, nor keep bytes that are no image.
import type { ImageKind, ReadImage } from '../../../core/plugin/index.ts'
import { imageType } from '../body/image-type.ts'
import type { NamedImage } from '../body/read-message.ts'

export interface ImageRules {
  keep: boolean
  largestBytes: number
}

const mostImages = 6

export type ImageSource =
  | { kind: ImageKind; base64: string | undefined }
  | { kind: ImageKind; url: string | undefined }
  | { kind: ImageKind; part: NamedImage }

/** Undefined when none is left: an empty list would say that the camera has a camera. */
export function readImages(sources: readonly ImageSource[], rules: ImageRules): readonly ReadImage[] | undefined {
  if (!rules.keep) return undefined
  const kept = sources.flatMap((source) => imageOf(source, rules.largestBytes) ?? []).slice(0, mostImages)
  return kept.length === 0 ? undefined : kept
}

function imageOf(source: ImageSource, largest: number): ReadImage | null {
  if ('url' in source) return address(source.url) ? { kind: source.kind, url: source.url as string } : null
  const bytes = 'part' in source ? source.part.bytes : decoded(source.base64, largest)
  const contentType = bytes && imageType(bytes)
  return contentType && bytes.length <= largest ? { kind: source.kind, contentType, bytes } : null
}

function decoded(base64: string | undefined, largest: number): Uint8Array | null {
  if (base64 === undefined) return null
  const body = base64.startsWith('data:') ? base64.slice(base64.indexOf(',') + 1) : base64
  return body.length > largest * 1.4 + 100 ? null : new Uint8Array(Buffer.from(body, 'base64'))
}

function address(url: string | undefined): boolean {
  return url !== undefined && url.length <= 2_000 && /^https?:\/\//i.test(url) && URL.canParse(url)
}

/** By what is in the part's name. */
export function kindOfName(name: string): ImageKind {
  if (/plate/i.test(name)) return 'plate'
  return /vehicle|car/i.test(name) ? 'vehicle' : 'scene'
}
