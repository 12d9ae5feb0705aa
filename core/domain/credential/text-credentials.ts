// Owns the written forms of credentials that are no cards: eMAID, telephone, MAC address, AVI tag, free text.
// Must not know where they are used or whom they belong to.
import { longestRaw } from './credential.ts'

/** Upper case without separators, 14 characters or 15 with check digit (OPCP, handling of ids); null when it is no eMAID. */
export function emaidOf(raw: string): string | null {
  if (raw.length > longestRaw) return null
  const text = raw
    .toUpperCase()
    .replace(/[\s*-]/g, '')
    .replace(/\p{Cc}/gu, '')
  return /^[A-Z]{2}[A-Z0-9]{12,13}$/.test(text) ? text : null
}

/** Digits of a telephone number; `international` tells whether they begin with a country's calling code. */
export function phoneOf(raw: string): { digits: string; international: boolean } | null {
  if (raw.length > 40) return null
  const text = raw
    .normalize('NFKC')
    .replace(/[\s()./-]/g, '')
    .replace(/\p{Cc}/gu, '')
  const match = /^(\+|00)?(\d{6,15})$/.exec(text)
  if (!match) return null
  return { digits: match[2] ?? '', international: match[1] !== undefined }
}

/** A MAC address or EUI-64 as plain upper-case hex, with or without the `VID:` that Autocharge prefixes. */
export function macOf(raw: string): string | null {
  if (raw.length > 40) return null
  const text = raw
    .toUpperCase()
    .trim()
    .replace(/^VID:/, '')
    .replace(/[\s:.-]/g, '')
  return /^(?:[0-9A-F]{12}|[0-9A-F]{16})$/.test(text) ? text : null
}

/** TransCore's serial line: `#`, three letters of the agency, eight digits. Two or four letters and other lengths pass too. */
export function aviOf(raw: string): { agency: string; serial: string } | null {
  if (raw.length > 40) return null
  const match = /^#?\s*([A-Z]{2,4})[\s:.-]*(\d{4,12})$/.exec(raw.toUpperCase().trim())
  return match ? { agency: match[1] ?? '', serial: match[2] ?? '' } : null
}

/** Free text without surrounding space and control characters, case kept; null when nothing readable is left or it is too long. */
export function plainText(raw: string): string | null {
  if (raw.length > longestRaw) return null
  const text = raw
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim()
  return text === '' ? null : text
}
